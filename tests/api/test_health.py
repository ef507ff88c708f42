"""What is said where the database is full, slow, read-only or lacks a guard: to apps, and to operators."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from base.guards import faults
from base.lately import Lately
from deploy.local.cluster import Cluster
from tests.databases import clone
from tests.product import ROOT
from tests.stories.waiting import until
from tests.world import Organisation, World

_TRIGGER = """
CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER trouble AFTER INSERT ON posts DEFERRABLE INITIALLY {} FOR EACH ROW EXECUTE FUNCTION trouble()
"""
_RAISES = "RAISE SQLSTATE '{}'"
Writes = Callable[..., Any]


NOTHING_ELSE = "ready, but no relay leads"  # these tests have none


@pytest.fixture
def lone(cluster: Cluster, worker_id: str) -> Iterator[World]:
    """A world on a database that this test may spoil."""
    name = clone(cluster, f"lone_{worker_id}")
    world = World(cluster, name)
    yield world
    world.close()
    cluster.psql("postgres", "-c", f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def trouble(world: World, what: str, when: str = "IMMEDIATE") -> Iterator[None]:
    """Whoever posts meanwhile runs into it: at once, or at the commit (DEFERRED)."""
    with world.owner() as connection:
        connection.execute(text(_TRIGGER.format(what, when)))
    yield
    with world.owner() as connection:
        connection.execute(text("DROP FUNCTION trouble CASCADE"))


def ready(world: World) -> list[str]:
    """The lines that a load balancer gets."""
    response = world.app.test_client().get("/health/ready")
    assert response.status_code == 200
    return response.get_data(as_text=True).splitlines()


def writes(org: Organisation, key: str = "key-1") -> Any:
    return org.admin.request("POST", f"/v1/scopes/{org.id}/posts", {"text": "news"}, Idempotency_Key=key)


def test_a_full_disk_is_told_as_a_moments_absence_and_leaves_nothing_behind(lone: World) -> None:
    org = lone.organisation()
    for when in ("IMMEDIATE", "DEFERRED"):
        with trouble(lone, _RAISES.format("53100"), when):
            refused = writes(org)
        assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
        assert refused.headers["Retry-After"] == "30"
    assert "disk was full" in ready(lone)[0]
    assert org.admin.reads(str(org.id)) == []
    assert writes(org).status_code == 201, "the same request, once there is room"


@pytest.mark.parametrize(("sqlstate", "status"), [("57P01", 503), ("53300", 503), ("23514", 500)])
def test_what_will_pass_is_told_apart_from_a_fault(lone: World, sqlstate: str, status: int) -> None:
    org = lone.organisation()
    with trouble(lone, _RAISES.format(sqlstate)):
        refused = writes(org)
    assert refused.status_code == status
    assert refused.headers.get("Retry-After") == ("2" if status == 503 else None)
    assert ready(lone)[0] == NOTHING_ELSE


def test_a_replica_that_only_reads_is_an_absence_and_no_fault(cluster: Cluster, lone: World) -> None:
    org, name = lone.organisation(), str(lone.web.engine.url.database)
    cluster.psql("postgres", "-c", f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    lone.close()
    assert org.admin.reads(str(org.id)) == []
    assert writes(org).status_code == 503


def test_a_database_that_is_away_is_told_and_found_again(cluster: Cluster, lone: World) -> None:
    org, name = lone.organisation(), str(lone.web.engine.url.database)
    cluster.psql("postgres", "-c", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    lone.close()
    assert lone.app.test_client().get("/health/ready").status_code == 503
    assert writes(org).status_code == 503
    cluster.psql("postgres", "-c", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert ready(lone)[0] == NOTHING_ELSE
    assert writes(org).status_code == 201


def test_slow_commits_are_measured_and_told(lone: World) -> None:
    org = lone.organisation()
    assert float(ready(lone)[2].removeprefix("commit_ms ")) < 500
    with trouble(lone, "PERFORM pg_sleep(0.6)", "DEFERRED"):
        assert writes(org).status_code == 201
    assert "commits take up to 0." in ready(lone)[0]
    assert float(ready(lone)[2].removeprefix("commit_ms ")) >= 600


def test_one_slow_commit_among_many_is_no_slow_disk() -> None:
    lately = Lately()
    assert (lately.commit_s(), lately.complaints()) == (None, [])
    for took_s in [0.001] * 199 + [9.0]:
        lately.committed(took_s)
    assert (lately.commit_s(), lately.complaints()) == (0.001, [])
    assert lately.commit_s(1.0) == 9.0


def test_ready_names_the_epoch(lone: World) -> None:
    org = lone.organisation()
    assert ready(lone)[1] == f"epoch {org.admin.get('/v1/me')['epoch']}"


# Guards


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("SELECT 1", ""),
        ("ALTER FUNCTION st_covers(geometry, geometry) NOT LEAKPROOF", "st_covers(geometry,geometry) is not marked"),
        ("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF", "geometry_overlaps(geometry,geometry)"),
        ("ALTER TABLE posts DISABLE ROW LEVEL SECURITY", "does not hold for posts"),
        ("DROP POLICY tenant ON persons", "does not hold for persons"),
        ("ALTER TABLE organisations DISABLE ROW LEVEL SECURITY", "does not hold for organisations"),
        ("ALTER ROLE hereabouts_web BYPASSRLS", "hereabouts_web can get around"),
        ("GRANT hereabouts_owner TO hereabouts_web", "hereabouts_web can get around"),
        ("ALTER ROLE hereabouts_worker NOBYPASSRLS", "hereabouts_worker is held"),
    ],
)  # fmt: skip
def test_each_guard_that_is_lost_is_told(
    cluster: Cluster, world_database: str, spoil: str, told: str
) -> None:
    engine = create_engine(cluster.url(cluster.superuser, world_database))
    with engine.connect() as connection:  # what is spoiled is rolled back: roles are everybody's
        connection.execute(text(spoil))
        found = faults(Session(bind=connection))
        connection.rollback()
    engine.dispose()
    assert len(found) == bool(told)
    assert told in "".join(found)


@pytest.mark.parametrize("command", [["-m", "jobs.relay"], ["-m", "jobs.worker"], [str(ROOT / "wsgi.py")]])
def test_a_process_that_starts_without_a_guard_says_so_and_works(
    cluster: Cluster, lone: World, tmp_path: Path, command: list[str]
) -> None:
    name, log = str(lone.web.engine.url.database), tmp_path / "log"
    cluster.psql(name, "-c", "ALTER FUNCTION st_covers(geometry, geometry) NOT LEAKPROOF")
    environment = {**lone.environment, "PATH": "", "PYTHONPATH": str(ROOT), "PORT": "0"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    until(lambda: "database_lacks_a_guard" in log.read_text())
    assert process.poll() is None
    process.terminate()
    process.wait(20)
    assert "st_covers(geometry,geometry) is not marked LEAKPROOF" in log.read_text()
    assert "st_covers" in ready(lone)[0]
