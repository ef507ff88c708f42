"""What every test stands on: one cluster, a template database built by the real migrations, and clones of it.

`world` is a database of one's own with real commits; `story` gives people, places and a client for it. Sockets to
anything but loopback are off.
"""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from deploy.local.cluster import Cluster
from tests.product import Product
from tests.world import World

ROOT = Path(__file__).resolve().parent.parent
_TEMPLATE = "template_hereabouts"

# The same examples in every run, so that a commit is judged by what it changes; `make fuzz` tries others.
settings.register_profile("same", derandomize=True)
settings.register_profile("others", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster that all test processes share; the last one to leave stops it."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    _open_to_postgres(shared)
    users = shared / "cluster.users"
    built = Cluster(shared / "pg", durable=False)
    with _locked(shared):
        built.start()
        if not built.has_database(_TEMPLATE):
            _build_template(built)
        users.write_text(str(int(users.read_text() if users.exists() else 0) + 1))
    yield built
    with _locked(shared):
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0:
            built.stop()


@pytest.fixture(scope="session")
def world_database(cluster: Cluster, worker_id: str) -> str:
    """The database of this test process."""
    return _clone(cluster, f"world_{worker_id}")


@pytest.fixture(scope="session")
def shared_world(cluster: Cluster, world_database: str) -> Iterator[World]:
    """The application on the database of this test process: building it for each test is dear."""
    world = World(cluster, world_database)
    yield world
    world.close()


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """The product on a real database with real commits, in this process; every test has organisations of its own.

    Tests share it, so each has to leave it as it was found.
    """
    extensions = dict(shared_world.app.extensions)
    yield shared_world
    assert shared_world.connections_in_use() == 0
    assert shared_world.app.extensions == extensions


@pytest.fixture
def fresh_world(cluster: Cluster, worker_id: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """As `world`, on an empty database that no other test uses."""
    name = f"fresh_{worker_id}"
    cluster.psql("postgres", "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    world = World(cluster, _clone(cluster, name))
    yield world
    world.close()


@pytest.fixture(scope="session")
def worker_id() -> str:
    """The name of this test process."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that talks to the outside is a mistake, and told."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise AssertionError(f"a test wants to talk to {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _build_template(cluster: Cluster) -> None:
    building = f"{_TEMPLATE}_building"
    cluster.prepare_database(building)
    environment = {**os.environ, "OWNER_DATABASE_URL": cluster.url("hereabouts_owner", building)}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    cluster.psql("postgres", "-c", f'ALTER DATABASE "{building}" RENAME TO "{_TEMPLATE}"')


def _clone(cluster: Cluster, name: str) -> str:
    cluster.psql("postgres", "-c", f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')
    return name


def _open_to_postgres(folder: Path) -> None:
    """pytest's folders are closed to others, and the cluster may run as another user."""
    for part in (folder, *folder.parents):
        if part.stat().st_uid == os.geteuid() and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o011)


class _locked:  # noqa: N801 - reads as a statement: with _locked(folder)
    def __init__(self, folder: Path) -> None:
        self._path = folder / "cluster.lock"

    def __enter__(self) -> None:
        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


@pytest.fixture(scope="session")
def product(cluster: Cluster, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product as real processes, shared by the tests of this test process."""
    database = _clone(cluster, f"product_{worker_id}")
    running = Product(cluster, database, tmp_path_factory.mktemp("product"))
    yield running
    running.stop()
