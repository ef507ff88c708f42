"""Events that are written, relayed, looked at and tampered with."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from base import ids
from base.database import table_of
from journal.chain import verify
from journal.event_types import Payload, Reach
from journal.events import Event, append
from journal.models import JournalRow
from tests.world import World

journal = table_of(JournalRow)


def write(world: World, organisation: UUID, event_type: Any, payload: Payload) -> None:
    """Write an event and move it into the journal."""
    reach = getattr(event_type, "reach", None)
    to = {} if reach is Reach.NOBODY else {"person_id" if reach is Reach.PERSON else "scope_id": organisation}
    with world.worker.transaction() as session:
        append(session, organisation, Event(event_type, ids.new_id(), payload, **to))
    world.relays()


def column(world: World, organisation: UUID, name: str) -> list[Any]:
    """A column of an organisation's journal."""
    with world.worker.transaction() as session:
        mine = select(journal.c[name]).where(journal.c.organisation_id == organisation)
        return list(session.scalars(mine.order_by(journal.c.position)))


def fault(world: World, organisation: UUID) -> str | None:
    """What checking an organisation's chain finds."""
    with world.worker.transaction() as session:
        return verify(session, organisation).fault


def tampers(world: World, organisation: UUID, change: str) -> str | None:
    """What checking finds after somebody has changed all rows of `:mine`; they are left as they were."""
    with world.worker.engine.connect() as connection:
        connection.execute(text(change), {"mine": organisation})
        found = verify(Session(bind=connection), organisation)
        connection.rollback()
    return found.fault
