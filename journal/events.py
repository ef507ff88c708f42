"""What an event is, and how a change writes one.

`append` puts the event into the outbox inside the caller's transaction: either both the change and its event are
there, or neither. Nothing else of the product tells anybody anything.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import table_of
from journal.models import OutboxRow

OUTBOX_CHANNEL = "outbox"
JOURNAL_CHANNEL = "journal"
# Row and wake-up in one statement; PostgreSQL makes one of the same notifications of a transaction.
_WRITE = insert(table_of(OutboxRow)).returning(func.pg_notify(OUTBOX_CHANNEL, ""))


@dataclass(frozen=True)
class Event:
    """One thing that happened. Exactly one of `scope_id` and `person_id` names who may see it.

    `payload` is the subject in wire form: what REST would answer for it at that moment.
    """

    type: str
    subject_id: UUID
    payload: dict[str, Any]
    scope_id: UUID | None = None
    person_id: UUID | None = None
    actor_id: UUID | None = None
    occurred_at: datetime = field(default_factory=clock.now)
    id: UUID = field(default_factory=ids.new_id)


def append(session: Session, organisation_id: UUID, *events: Event) -> None:
    """Write events in the caller's transaction and wake the relay when it commits."""
    if not events:
        return
    session.execute(_WRITE, [_row(organisation_id, event) for event in events])


def _row(organisation_id: UUID, event: Event) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "event_id": event.id,
        "type": event.type,
        "scope_id": event.scope_id,
        "person_id": event.person_id,
        "actor_id": event.actor_id,
        "subject_id": event.subject_id,
        "payload": event.payload,
        "occurred_at": event.occurred_at,
    }
