"""A socket that connects while the database is away is not left hanging: its client tries again by itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.cluster import Cluster
from tests.product import Product
from tests.stories.clients import JavaScriptClient
from tests.stories.waiting import until

_LOST = "connect_lost_database"


@contextmanager
def away(cluster: Cluster, name: str) -> Iterator[None]:
    """Nobody may connect to a database, and whoever is connected is cut off."""
    cluster.psql("postgres", "-c", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    cluster.psql(
        "postgres",
        "-c",
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608
    )
    yield
    cluster.psql("postgres", "-c", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_one_who_connects_meanwhile_is_let_in_when_it_is_back(cluster: Cluster, product: Product) -> None:
    org = product.world.organisation()
    org.person("Alice")
    alice, client = product.phone(org.slug, "Alice"), JavaScriptClient()
    log = product.folder / "web.log"
    with away(cluster, str(product.world.web.engine.url.database)):
        client.open(product.address, alice.token, ("websocket",))
        until(lambda: _LOST in log.read_text())
    begun = time.monotonic()
    assert "position" in client.tells("ready")
    assert time.monotonic() - begun < 8, "and not when the server gives it up that never connected"
    client.close()
