"""What every test stands on: the product in this process (`world`, `fresh_world`) and as processes (`product`).

Both are built once for a test process, on a database of their own with real commits. Sockets to anything but loopback
are off.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from deploy.local.cluster import Cluster
from people.sign_in.passwords import configure_passwords
from tests import left_behind
from tests.databases import Renewed, clone, make_run_folder, started_cluster
from tests.product import Product
from tests.scheduling import Scheduling, dearest_first
from tests.world import World

# The same examples in every run, so that a commit is judged by what it changes; `make fuzz` tries others.
settings.register_profile("same", derandomize=True)
settings.register_profile("others", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


_FOLDER = "HEREABOUTS_TESTS_FOLDER"
_WATCH: "pytest.StashKey[subprocess.Popen[bytes]]" = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run makes the run's folder; the others inherit its name."""
    if not _is_one_of_several(config):
        folder = make_run_folder()
        os.environ[_FOLDER] = str(folder)
        config.stash[_WATCH] = left_behind.watch(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """And it removes it, when the others have gone."""
    if not _is_one_of_several(config):
        left_behind.remove(Path(os.environ.pop(_FOLDER)))
        config.stash[_WATCH].communicate()


@pytest.hookimpl(optionalhook=True)  # without xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Tests that need the same servers go to the same process."""
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which the processes get them."""
    dearest_first(items)


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """The folder that all test processes of this run share, and the user postgres may enter."""
    return Path(os.environ[_FOLDER])


@pytest.fixture(scope="session")
def cluster(run_folder: Path) -> Cluster:
    """The cluster that all test processes share."""
    return started_cluster(run_folder)


@pytest.fixture(scope="session")
def world_database(cluster: Cluster, worker_id: str) -> str:
    """The database of this test process."""
    return clone(cluster, f"world_{worker_id}")


@pytest.fixture(scope="session")
def shared_world(cluster: Cluster, world_database: str) -> Iterator[World]:
    """The application on the database of this test process: building it for each test is dear."""
    yield from _opened(World(cluster, world_database))


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """The product on a real database with real commits, in this process; every test has organisations of its own."""
    yield from _left_as_found(shared_world)


@pytest.fixture(scope="session")
def renewed(cluster: Cluster, worker_id: str) -> Renewed:
    """The database of this test process that is emptied for each test."""
    return Renewed(cluster, f"fresh_{worker_id}")


@pytest.fixture(scope="session")
def shared_fresh_world(cluster: Cluster, renewed: Renewed) -> Iterator[World]:
    """The application on it."""
    yield from _opened(World(cluster, renewed.name))


@pytest.fixture
def fresh_world(renewed: Renewed, shared_fresh_world: World) -> Iterator[World]:
    """As `world`, on an empty database that no other test uses."""
    shared_fresh_world.close()
    renewed.renew()
    shared_fresh_world.keys.look()
    yield from _left_as_found(shared_fresh_world)


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


@pytest.fixture(scope="session")
def product(cluster: Cluster, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product as real processes, shared by the tests of this test process."""
    database = clone(cluster, f"product_{worker_id}")
    running = Product(cluster, database, tmp_path_factory.mktemp("product"))
    yield running
    running.stop()
    assert running.held() == []


def _opened(world: World) -> Iterator[World]:
    yield world
    world.close()


def _left_as_found(world: World) -> Iterator[World]:
    """Lend a world to a test, which must keep neither connections nor what it changed about the application."""
    extensions = dict(world.app.extensions)
    configure_passwords(world.settings.password_memory_kib)  # another application may have made hashes dear
    world.rests()
    yield world
    assert world.held.taken() == []
    assert world.connections_in_use() == 0
    assert world.app.extensions == extensions


def _is_one_of_several(config: pytest.Config) -> bool:
    """Whether another process started this one to share its work."""
    return hasattr(config, "workerinput")
