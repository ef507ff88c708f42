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
