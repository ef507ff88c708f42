"""Migrations run up, down and up again, and give exactly the tables that the models say."""

from typing import Any
from uuid import UUID, uuid4

import orjson
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from deploy.local.cluster import Cluster
from journal.catalogue import (
    MEMBERSHIP_ENDED,
    MEMBERSHIP_STARTED,
    MUSTER_UPDATED,
    READ_ADVANCED,
    SESSION_ENDED,
    VISIT_STARTED,
    about_of,
)
from journal.event_types import EventType
from migrations.models import metadata, owned
from tests.product import ROOT


def test_up_down_up_and_the_same_as_the_models(cluster: Cluster, worker_id: str) -> None:
    name = f"migrated_{worker_id}"
    cluster.prepare_database(name)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = cluster.url("hereabouts_owner", name)
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    engine = create_engine(config.attributes["url"])
    assert set(inspect(engine).get_table_names()) == {"alembic_version", "spatial_ref_sys"}
    command.upgrade(config, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": owned})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_preparing_a_database_again_changes_nothing(cluster: Cluster, world_database: str) -> None:
    cluster.prepare_database(world_database)
    assert cluster.has_database(world_database)


_EVENT = """
INSERT INTO journal (organisation_id, position, recorded_at, seq, event_id, type, person_id, subject_id, payload,
    occurred_at, salt, digest, hash)
VALUES (:id, 1, now(), nextval('journal_seq'), :id, :type, :id, :id, CAST(:payload AS jsonb), now(), '', '', '')
"""


def test_events_of_before_are_about_what_their_types_say(cluster: Cluster, worker_id: str) -> None:
    name, place = f"events_{worker_id}", uuid4()
    cluster.prepare_database(name)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = cluster.url("hereabouts_owner", name)
    command.upgrade(config, "0010")
    there, member = {"place_id": str(place)}, {"scope_id": str(place)}
    happened: dict[UUID, tuple[EventType, dict[str, Any]]] = {
        uuid4(): written
        for written in (
            (VISIT_STARTED, there | {"source": "qr"}),
            (MUSTER_UPDATED, there),
            (MEMBERSHIP_STARTED, member | {"source": "presence"}),
            (MEMBERSHIP_STARTED, member | {"source": "assigned"}),
            (MEMBERSHIP_ENDED, member | {"source": "joined"}),
            (READ_ADVANCED, member),
            (SESSION_ENDED, {}),
        )
    }
    engine = create_engine(config.attributes["url"])
    with engine.begin() as connection:
        for id, (event_type, payload) in happened.items():
            values = {"id": id, "type": event_type.name, "payload": orjson.dumps(payload).decode()}
            connection.execute(text(_EVENT), values)
    command.upgrade(config, "0011")
    command.downgrade(config, "0010")
    command.upgrade(config, "0011")
    with engine.connect() as connection:
        rows = {row.event_id: row for row in connection.execute(text("SELECT * FROM journal"))}
    engine.dispose()
    assert {row.version for row in rows.values()} == {1}
    about = {id: row.about_id for id, row in rows.items()}
    assert about == {id: about_of(declared.name, data) for id, (declared, data) in happened.items()}
    assert set(about.values()) == {place, None}


_PERSONS = """
INSERT INTO organisations (id, slug, name) VALUES (:org, 'o', 'O');
INSERT INTO persons (id, organisation_id, email, name, ended_at) VALUES
    (:first, :org, 'Min@example.com', 'First', now()), (:second, :org, 'min@example.com', 'Second', now()),
    (:third, :org, 'MIN@example.com', 'Third', NULL), (:other, :org, 'other@example.com', 'Other', now());
INSERT INTO credentials (person_id, organisation_id, password_hash) VALUES (:third, :org, 'x')
"""


def test_going_back_one_account_keeps_an_address(cluster: Cluster, worker_id: str) -> None:
    name = f"addresses_{worker_id}"
    cluster.prepare_database(name)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = cluster.url("hereabouts_owner", name)
    command.upgrade(config, "head")
    engine = create_engine(config.attributes["url"])
    persons = dict(
        zip(("org", "first", "second", "third", "other"), (uuid4() for _ in range(5)), strict=True)
    )
    with engine.begin() as connection:
        connection.execute(text(_PERSONS), persons)
    command.downgrade(config, "0015-1")
    with engine.begin() as connection:
        kept = dict(connection.execute(text("SELECT name, email FROM persons")).all())
        assert (kept["Third"], kept["Other"]) == ("MIN@example.com", "other@example.com")
        assert {kept["First"], kept["Second"]} == {
            f"{persons[n]}@closed.invalid" for n in ("first", "second")
        }
        closed = text("UPDATE persons SET ended_at = now() WHERE name = 'Third'")
        connection.execute(closed)
    command.upgrade(config, "0015")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM credentials")).scalar() == 0
    engine.dispose()


_BEFORE = """
INSERT INTO organisations (id, slug, name) VALUES (:org, 'o', 'O');
INSERT INTO persons (id, organisation_id, email, name, role, ended_at) VALUES
    (:min, :org, 'min@example.com', 'Min', 'member', NULL),
    (:former, :org, 'min@example.com', 'Former', 'member', '2026-01-02T12:00Z'),
    (:vera, :org, 'ab12@visitors.invalid', 'Vera', 'visitor', NULL),
    (:gone, :org, 'cd34@visitors.invalid', 'Gone', 'visitor', now())
"""


def test_addresses_of_before_are_identifiers(cluster: Cluster, worker_id: str) -> None:
    name = f"identifiers_{worker_id}"
    cluster.prepare_database(name)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = cluster.url("hereabouts_owner", name)
    command.upgrade(config, "0024")
    engine = create_engine(config.attributes["url"])
    persons = dict(zip(("org", "min", "former", "vera", "gone"), (uuid4() for _ in range(5)), strict=True))
    with engine.begin() as connection:
        connection.execute(text(_BEFORE), persons)
    for _ in ("the first time", "and after going back"):
        command.upgrade(config, "0025")
        with engine.connect() as connection:
            kept = connection.execute(
                text("SELECT person_id, kind, value, ended_at IS NULL FROM identifiers")
            )
            assert {tuple(row) for row in kept} == {
                (persons["min"], "email", "min@example.com", True),
                (persons["former"], "email", "min@example.com", False),
            }
            shown = dict(connection.execute(text("SELECT name, email FROM persons")).all())
            assert (shown["Min"], shown["Vera"]) == ("min@example.com", None)
            times = connection.execute(text("SELECT person_id, ended_on::text FROM employments")).all()
            assert [tuple(row) for row in times] == [(persons["former"], "2026-01-02")]
        command.downgrade(config, "0024")
    with engine.connect() as connection:
        addresses = connection.execute(text("SELECT email FROM persons WHERE role = 'visitor'")).scalars()
        assert all(address.endswith("@visitors.invalid") for address in addresses)
    engine.dispose()
