"""Backups are restored whole, with all that stands around the tables; nothing is overwritten unasked or left behind."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from deploy.local.cluster import Cluster
from tests.databases import clone
from tests.stories.restores import begun, command, done, refused
from tests.stories.waiting import until
from tests.world import World


@pytest.fixture
def name(cluster: Cluster, worker_id: str) -> Iterator[str]:
    """A database that is the test's own."""
    name = clone(cluster, f"restores_{worker_id}")
    yield name
    for left in (name, f"{name}_replaced"):
        cluster.psql("postgres", "-c", f'DROP DATABASE IF EXISTS "{left}" WITH (FORCE)')


@pytest.fixture
def world(cluster: Cluster, name: str) -> Iterator[World]:
    """The product on it."""
    world = World(cluster, name)
    yield world
    world.close()


def databases(cluster: Cluster, name: str) -> list[str]:
    """The databases whose names begin with the test's."""
    found = cluster.psql("postgres", "-c", "SELECT datname FROM pg_database ORDER BY 1").splitlines()
    return [database for database in found if database.startswith(name)]


def spoil(world: World, statement: str) -> None:
    """What a superuser does to a database."""
    engine = create_engine(world.environment["ADMIN_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_all_of_a_database_comes_back_with_its_guards_and_in_another_epoch(
    cluster: Cluster, world: World, name: str, tmp_path: Path
) -> None:
    ours, theirs = world.organisation("Ours"), world.organisation("Theirs")
    site = ours.site(at=(127.0, 37.5))
    ours.admin.posts(site, "before")
    theirs.admin.posts(str(theirs.id), "secret")
    world.relays()
    before = ours.admin.get("/v1/me")
    dump = Path(done(world, "backup", tmp_path))
    assert oct(dump.stat().st_mode & 0o777) == "0o600"
    ours.admin.posts(site, "after")
    world.relays()
    world.close()
    cluster.psql("postgres", "-c", f'DROP DATABASE "{name}" WITH (FORCE)')

    said = done(world, "restore", dump)

    assert databases(cluster, name) == [name]
    assert str(sum(json.loads(dump.with_suffix(".json").read_text())["rows"].values())) in said
    assert ours.admin.reads(site) == ["before"]
    me = ours.admin.get("/v1/me")
    assert me["position"] == before["position"]
    assert me["epoch"] != before["epoch"]
    ours.admin.get(f"/v1/sync?after={before['position']}&epoch={before['epoch']}", 410)
    ready = world.app.test_client().get("/health/ready").get_data(as_text=True)
    assert ready.splitlines()[:2] == ["ready, but no relay leads", f"epoch {me['epoch']}"]
    ours.admin.get(f"/v1/posts/{theirs.admin.get(f'/v1/scopes/{theirs.id}/posts')['items'][0]['id']}", 404)
    with world.web.transaction(ours.id) as session:
        seen = session.scalars(text("SELECT DISTINCT organisation_id FROM posts")).all()
        assert seen == [ours.id]
    marked = (
        "SELECT count(*) FROM pg_proc WHERE proname IN ('geometry_overlaps', 'st_covers') AND proleakproof"
    )
    assert cluster.psql(name, "-c", marked) == "2"
    ours.admin.posts(site, "and goes on")
    assert world.relays() == 1
    assert "sound" in done(world, "verify")


def test_a_database_with_content_is_replaced_only_when_told_so(
    cluster: Cluster, world: World, name: str, tmp_path: Path
) -> None:
    org = world.organisation()
    org.admin.posts(str(org.id), "before")
    done(world, "backup", tmp_path)
    org.admin.posts(str(org.id), "after")
    assert "has content" in refused(world, "restore", tmp_path)
    assert org.admin.reads(str(org.id)) == ["after", "before"]
    assert databases(cluster, name) == [name]
    done(world, "restore", tmp_path, "--replace")
    assert org.admin.reads(str(org.id)) == ["before"]
    assert databases(cluster, name) == [name]


@pytest.mark.parametrize("fault", ["digest", "rows", "chain", "release", "none"])
def test_what_is_not_sound_replaces_nothing(
    cluster: Cluster, world: World, name: str, tmp_path: Path, fault: str
) -> None:
    org = world.organisation()
    org.admin.posts(str(org.id), "before")
    world.relays()
    if fault == "chain":
        spoil(world, "UPDATE journal SET payload = '{}'")
    if fault == "release":
        spoil(world, "UPDATE alembic_version SET version_num = 'of a later release'")
    dump = Path(done(world, "backup", tmp_path))
    if fault == "digest":
        dump.write_bytes(dump.read_bytes()[:-1] + b"?")
    if fault == "rows":
        beside = json.loads(dump.with_suffix(".json").read_text())
        beside["rows"]["posts"] += 1
        dump.with_suffix(".json").write_text(json.dumps(beside))
    backup = tmp_path / "none" if fault == "none" else tmp_path
    org.admin.posts(str(org.id), "after")
    why = refused(world, "restore", backup, "--replace")
    expected = {
        "digest": "is damaged",
        "rows": "posts has 1 rows, and had 2",
        "chain": "was changed",
        "release": "of a later release",
        "none": "no backup",
    }
    assert expected[fault] in why
    assert expected[fault] in refused(world, "rehearse_restore", backup)
    assert org.admin.reads(str(org.id)) == ["after", "before"]
    assert databases(cluster, name) == [name]
    if fault in ("rows", "chain"):
        assert expected[fault] in command(world, "restore", backup, "--replace", "--despite-faults").stderr
        assert org.admin.reads(str(org.id)) == ["before"]


def test_a_rehearsal_leaves_nothing_behind_and_touches_nothing(
    cluster: Cluster, world: World, name: str, tmp_path: Path
) -> None:
    org = world.organisation()
    org.admin.posts(str(org.id), "before")
    assert "no backup" in refused(world, "rehearse_restore", tmp_path)
    done(world, "backup", tmp_path)
    cluster.psql("postgres", "-c", f'CREATE DATABASE "{name}_rehearsal"')  # a killed one's
    epoch = org.admin.get("/v1/me")["epoch"]
    assert "can be restored" in done(world, "rehearse_restore", tmp_path)
    assert "The latest backup is of" in refused(world, "rehearse_restore", tmp_path, "--hours", "0")
    assert databases(cluster, name) == [name]
    assert org.admin.get("/v1/me")["epoch"] == epoch


def test_one_rehearsal_or_restore_runs_at_a_time(
    cluster: Cluster, world: World, name: str, tmp_path: Path
) -> None:
    done(world, "backup", tmp_path)
    engine = create_engine(cluster.url(cluster.superuser, "postgres"))
    with engine.connect() as another:
        lock = text("SELECT pg_advisory_lock(hashtextextended('hereabouts restores ' || :name, 0))")
        another.execute(lock, {"name": name})
        for act in (("rehearse_restore", tmp_path), ("restore", tmp_path, "--replace")):
            assert "Another restore or rehearsal" in refused(world, *act)
    engine.dispose()
    assert databases(cluster, name) == [name]


def test_who_is_no_superuser_restores_nothing(
    cluster: Cluster, world: World, name: str, tmp_path: Path
) -> None:
    done(world, "backup", tmp_path)
    world.environment["ADMIN_DATABASE_URL"] = world.environment["OWNER_DATABASE_URL"]
    assert "superuser" in refused(world, "restore", tmp_path, "--replace")
    del world.environment["ADMIN_DATABASE_URL"]
    assert "ADMIN_DATABASE_URL is missing" in refused(world, "rehearse_restore", tmp_path)


def test_a_backup_that_fails_leaves_none_and_old_ones_go(world: World, tmp_path: Path) -> None:
    (tmp_path / "left-by-a-kill.partial").touch()
    made = [done(world, "backup", tmp_path, "--keep", "2") for _ in range(3)]
    assert sorted(tmp_path.glob("*-*")) == sorted(
        path for dump in made[1:] for path in (Path(dump), Path(dump).with_suffix(".json"))
    )
    world.environment["OWNER_DATABASE_URL"] = world.environment[
        "DATABASE_URL"
    ]  # whom row-level security holds back
    assert "No backup was written" in refused(world, "backup", tmp_path)
    assert len(list(tmp_path.glob("*-*"))) == 4


def test_a_new_epoch_is_begun_by_command(world: World) -> None:
    ada = world.organisation().admin
    before = ada.get("/v1/me")["epoch"]
    assert done(world, "new_epoch") == ada.get("/v1/me")["epoch"] != before


def test_a_server_that_has_nothing_of_it_gets_roles_and_all(
    cluster: Cluster, world: World, name: str, run_folder: Path, tmp_path: Path
) -> None:
    org = world.organisation()
    org.admin.posts(str(org.id), "before")
    dump = Path(done(world, "backup", tmp_path))
    assert re.search(rb"(CREATE|ALTER) ROLE", dump.read_bytes()) is None
    folder = run_folder / f"another-{name}"
    folder.mkdir(mode=0o711)
    another = Cluster(folder, durable=False)
    another.start()
    try:
        there = World(another, name)
        done(there, "restore", dump)
        roles = "SELECT rolname, rolsuper, rolbypassrls, rolpassword IS NULL FROM pg_authid"
        assert another.psql(name, "-c", f"{roles} WHERE rolname ~ '^hereabouts' ORDER BY 1").splitlines() == [
            "hereabouts_owner|f|f|t",
            "hereabouts_web|f|f|t",
            "hereabouts_worker|f|t|t",
        ]
        with there.web.transaction(org.id) as session:
            assert session.scalars(text("SELECT text FROM posts")).all() == ["before"]
        with there.web.transaction() as session:
            assert session.scalars(text("SELECT text FROM posts")).all() == []
        there.close()
    finally:
        another.stop()


def test_a_rehearsal_that_is_ended_clears_up_behind_it(
    cluster: Cluster, world: World, name: str, tmp_path: Path
) -> None:
    done(world, "backup", tmp_path)
    rehearsal = begun(world, "rehearse_restore", tmp_path)
    until(lambda: databases(cluster, name) == [name, f"{name}_rehearsal"])
    rehearsal.terminate()
    assert rehearsal.wait(60) != 0
    assert databases(cluster, name) == [name]
