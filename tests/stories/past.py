"""Journals that earlier releases wrote, in their own words: `tests/journal/past/`, each named after the last migration
that its release had.

They were written by the code of those releases (`git show <commit of the migration>`), relayed and chained by it, so
salts, digests and hashes are theirs, too. Releases between two of them wrote the same shapes as the one after.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from deploy.local.cluster import Cluster
from tests.product import ROOT
from tests.world import World

FOLDER = Path(__file__).resolve().parent.parent / "journal" / "past"
WAITING = 3  # so many of each are still in the outbox when the upgrade comes
_EVENT = "event_id, type, scope_id, person_id, actor_id, subject_id, payload, occurred_at"
_VALUES = (
    ":event_id, :type, :scope_id, :person_id, :actor_id, :subject_id, CAST(:payload AS jsonb), :occurred_at"
)
# As releases without the columns `version` and `about_id` write: those of before the migration 0011.
OUTBOX = text(f"INSERT INTO outbox (organisation_id, {_EVENT}) VALUES (:organisation, {_VALUES})")  # noqa: S608
_JOURNAL = text(
    f"INSERT INTO journal (organisation_id, position, recorded_at, seq, {_EVENT}, salt, digest, hash)"  # noqa: S608
    f" VALUES (:organisation, :position, now(), nextval('journal_seq'), {_VALUES}, :salt, :digest, :hash)"
)
_HEAD = text(
    "INSERT INTO journal_heads (organisation_id, position, hash) VALUES (:organisation, :position, :hash)"
)
_SITE = """
    INSERT INTO scopes (id, organisation_id, kind, name, admission)
    VALUES (:site, :organisation, 'site', 'Depot', 'open');
    INSERT INTO places (id, organisation_id, kind, site_id, name, boundary) VALUES (:site, :organisation, 'site', :site,
        'Depot', ST_Multi(ST_GeomFromText('POLYGON((127 37, 127 38, 128 38, 127 37))', 4326)))
"""
_MUSTER = """
    INSERT INTO musters (id, organisation_id, place_id, place_ids, message, left_within_minutes, repeat_seconds,
        repeats_left, started_at, started_by, ended_at)
    VALUES (:muster, :organisation, :site, ARRAY[CAST(:site AS uuid)], '', 0, 60, 0, now(), :by, now())
"""
_PERSON = """
    INSERT INTO persons (id, organisation_id, email, name, role)
    VALUES (:id, :organisation, :name || '@example.com', :name, :role);
    INSERT INTO memberships (id, organisation_id, scope_id, person_id, source, started_at)
    VALUES (gen_random_uuid(), :organisation, :site, :id, 'assigned', '2026-01-01')
"""


@dataclass(frozen=True)
class Past:
    """One journal, and the revision of the database that it was written into."""

    revision: str
    organisation: UUID
    persons: Sequence[dict[str, Any]]
    events: Sequence[dict[str, Any]]

    @property
    def site(self) -> UUID:
        """The place that most of it happens in."""
        return UUID(self.events[0]["subject_id"])

    @property
    def musters(self) -> set[str]:
        """Its roll calls."""
        return {event["subject_id"] for event in self.events if event["type"] == "muster.started"}

    def is_written(self, connection: Connection) -> None:
        """All but the newest events are in the journal, and those are in the outbox."""
        relayed, waiting = self.events[:-WAITING], self.events[-WAITING:]
        for position, event in enumerate(relayed, 1):
            connection.execute(_JOURNAL, self.row(event) | {"position": position})
        head = {"organisation": self.organisation, "position": len(relayed)}
        connection.execute(_HEAD, head | {"hash": bytes.fromhex(relayed[-1]["hash"])})
        for event in waiting:
            connection.execute(OUTBOX, self.row(event))

    def row(self, event: dict[str, Any]) -> dict[str, Any]:
        """An event as the values of a statement."""
        chained = {name: bytes.fromhex(event[name]) for name in ("salt", "digest", "hash")}
        return {
            **event,
            **chained,
            "organisation": self.organisation,
            "payload": orjson.dumps(event["payload"]).decode(),
        }

    def is_peopled(self, connection: Connection) -> None:
        """The organisation, its people and the place, as rows."""
        values: dict[str, Any] = {"organisation": self.organisation, "site": self.site}
        made = "INSERT INTO organisations (id, slug, name) VALUES (:organisation, CAST(:organisation AS text), 'Past')"
        connection.execute(text(made), values)
        connection.execute(text(_SITE), values)
        for person in self.persons:
            connection.execute(text(_PERSON), values | person)
        for muster in self.musters:
            connection.execute(text(_MUSTER), values | {"muster": muster, "by": self.persons[0]["id"]})


def pasts() -> list[Past]:
    """All of them, the oldest first."""
    return [_past(path) for path in sorted(FOLDER.glob("*.json"))]


def _past(path: Path) -> Past:
    read = orjson.loads(path.read_bytes())
    return Past(path.stem, UUID(read["organisation"]), read["persons"], read["events"])


def upgraded(cluster: Cluster, name: str) -> Iterator[World]:
    """A database that has seen every release: each wrote into it what it writes, and was upgraded to the next."""
    cluster.prepare_database(name)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = cluster.url("hereabouts_owner", name)
    world = World(cluster, name)
    for past in pasts():
        command.upgrade(config, past.revision)
        with world.owner() as connection:
            past.is_written(connection)
    command.upgrade(config, "0013")
    with world.owner() as connection:
        for past in pasts():
            past.is_peopled(connection)
    command.upgrade(config, "head")
    world.relays()
    yield world
    world.close()
