"""The private cluster: it starts after a kill, keeps its data, and says in a sentence why it cannot."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.cluster import SOCKET_PATH_LIMIT, Cluster, ClusterError


@pytest.fixture
def own(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder / "pg")
    cluster.start()
    yield cluster
    cluster.stop()


def test_it_starts_again_after_a_kill_and_keeps_what_was_committed(own: Cluster) -> None:
    own.psql("postgres", "-c", "CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(int((own.data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    while own.running():
        pass
    own.start()
    assert own.psql("postgres", "-c", "SELECT n FROM kept") == "1"


def test_starting_twice_does_no_harm(own: Cluster) -> None:
    own.start()
    assert own.running()


def test_a_cluster_of_another_version_is_told(own: Cluster) -> None:
    own.stop()
    (own.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ClusterError, match="was made by PostgreSQL 9"):
        own.start()


def test_a_broken_cluster_is_told_in_a_sentence(own: Cluster) -> None:
    own.stop()
    (own.data / "global" / "pg_control").unlink()
    with pytest.raises(ClusterError, match="PostgreSQL does not start"):
        own.start()


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 6)
    assert len(str(Cluster(deep).socket)) <= SOCKET_PATH_LIMIT
