"""What every benchmark stands on: a cluster of its own in a temporary folder, migrated; it ends by itself."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from base import clock
from deploy.local.cluster import Cluster
from people.sign_in.tokens import TokenMaker
from tests.product import Product
from tests.world import Phone

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "bench"
# Nobody refreshes here: for so long may a bench take.
TOKENS_LAST_S = 7_200
# A few persons ask here for what thousands do, from one address.
UNHURRIED = {"PACE": "0"}


def lasting(phone: Phone) -> str:
    """An access token of a phone's session that lasts as long as a bench."""
    maker = TokenMaker(phone.organisation.world.settings.secret_key, TOKENS_LAST_S)
    claims = maker.read_access_token(phone.tokens["access_token"])
    return maker.access_token(claims.session_id, claims.organisation_id, clock.now())


@contextmanager
def migrated_cluster() -> Generator[tuple[Cluster, Path]]:
    """A running cluster with the product's tables in `DATABASE`, and the folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="hereabouts-bench-") as folder:
        Path(folder).chmod(0o711)
        cluster = Cluster(Path(folder) / "cluster")
        cluster.start()
        try:
            cluster.prepare_database(DATABASE)
            environment = {**os.environ, "OWNER_DATABASE_URL": cluster.url("hereabouts_owner", DATABASE)}
            command = [sys.executable, "-m", "alembic", "upgrade", "head"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
            yield cluster, Path(folder)
        finally:
            cluster.stop()


@contextmanager
def running_product() -> Generator[tuple[Cluster, Product]]:
    """The product's processes on such a cluster."""
    with migrated_cluster() as (cluster, folder):
        product = Product(cluster, DATABASE, folder, **UNHURRIED)
        try:
            yield cluster, product
        finally:
            product.stop()
