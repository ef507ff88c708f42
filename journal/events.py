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
from journal.catalogue import CATALOGUE, about_of
from journal.event_types import EventType, Reach
from journal.models import OutboxRow

OUTBOX_CHANNEL = "outbox"
JOURNAL_CHANNEL = "journal"
# Row and wake-up in one statement; PostgreSQL makes one of the same notifications of a transaction.
_WRITE = insert(table_of(OutboxRow)).returning(func.pg_notify(OUTBOX_CHANNEL, ""))

_NAMED = {
    Reach.SAID: {"scope_id"},
    Reach.SO: {"scope_id"},
    Reach.PERSON: {"person_id"},
    Reach.NOBODY: set[str](),
}


class Undeclared(TypeError):
    """An event of a type that `journal/catalogue.py` does not declare."""


class WrongAudience(ValueError):
    """An event that is not addressed as its type reaches: to a scope, or to a person."""


@dataclass(frozen=True)
class Event:
    """One thing that happened. Of `scope_id` and `person_id` the one that its type reaches names who may see it; what
    reaches nobody has neither.

    The subject of what was said (`Reach.SAID`) is the post that it belongs to, also where a reply, a reminder or a
    reaction has an id of its own: by the subject is decided who came too late for it.

    `payload` is the subject in wire form, in its type's present shape: what REST would answer for it at that moment.
    """

    type: EventType
    subject_id: UUID
    payload: dict[str, Any]
    scope_id: UUID | None = None
    person_id: UUID | None = None
    actor_id: UUID | None = None
    occurred_at: datetime = field(default_factory=clock.now)
    id: UUID = field(default_factory=ids.new_id)


def append(session: Session, organisation_id: UUID, *events: Event) -> None:
    """Write events in the caller's transaction and wake the relay when it commits.

    Raises `Undeclared` and `WrongAudience`: mistakes of whoever wrote the call.
    """
    if not events:
        return
    session.execute(_WRITE, [_row(organisation_id, event) for event in events])


def _row(organisation_id: UUID, event: Event) -> dict[str, Any]:
    _check(event)
    return {
        "organisation_id": organisation_id,
        "event_id": event.id,
        "type": event.type.name,
        "version": event.type.version,
        "scope_id": event.scope_id,
        "person_id": event.person_id,
        "actor_id": event.actor_id,
        "subject_id": event.subject_id,
        "about_id": about_of(event.type.name, event.payload),
        "payload": event.payload,
        "occurred_at": event.occurred_at,
    }


def _check(event: Event) -> None:
    # Also where a caller without type checks gives a name, or a declaration of its own.
    if CATALOGUE.get(getattr(event.type, "name", "")) is not event.type:
        raise Undeclared(f"{event.type} is not declared in journal/catalogue.py")
    named = {name for name in ("scope_id", "person_id") if getattr(event, name) is not None}
    if named != _NAMED[event.type.reach]:
        raise WrongAudience(f"{event.type.name} reaches {event.type.reach.value}")
