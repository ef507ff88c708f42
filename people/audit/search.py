"""Reading the audit log, newest first: all of it for who may, and for everybody what concerns them."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session, aliased

from base import clock
from base.database import table_of
from people.audit.entries import Result, wire_record
from people.audit.models import AuditEntry
from people.models import Person

_entries = table_of(AuditEntry)
_ACTOR, _PERSON = aliased(Person), aliased(Person)
_OF_THE_ACTORS = ("address", "device_id", "session_id", "agent")


@dataclass(frozen=True)
class Wanted:
    """Which entries: whatever is not None has to be so. Times from `start` on, and before `until`."""

    person_id: UUID | None = None
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    action: str | None = None
    result: Result | None = None
    start: datetime | None = None
    until: datetime | None = None

    def wire(self) -> dict[str, str]:
        """What is asked for, as the entry of the search says it."""
        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _told(value) for name, value in asked.items() if value is not None}


Before = tuple[datetime, UUID]
Found = dict[str, Any]


def search(
    session: Session, organisation_id: UUID, wanted: Wanted, before: Before | None, limit: int
) -> list[Found]:
    """A page of entries with the names of those in them, newest first."""
    query = _named().where(_entries.c.organisation_id == organisation_id)
    for name in ("person_id", "actor_id", "subject_id", "action", "result"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(_entries.c[name] == value)
    if wanted.start is not None:
        query = query.where(_entries.c.at >= wanted.start)
    if wanted.until is not None:
        query = query.where(_entries.c.at < wanted.until)
    if before is not None:
        query = query.where(tuple_(_entries.c.at, _entries.c.id) < before)
    newest = query.order_by(_entries.c.at.desc(), _entries.c.id.desc()).limit(limit)
    return [{**row} for row in session.execute(newest).mappings()]


def wire_entry(row: Found) -> dict[str, Any]:
    """An entry as those read it who watch over the log."""
    return wire_record(row) | {name: row[name] for name in ("actor_name", "person_name")}


def wire_own(row: Found) -> dict[str, Any]:
    """An entry as the person reads it whom it concerns: from where somebody else did it is not theirs to know.

    Who tried in vain to sign in is nobody yet: from where, the person has to know.
    """
    others = row["actor_id"] not in (None, row["person_id"])
    return wire_entry(row) | (dict.fromkeys(_OF_THE_ACTORS) if others else {})


def _named() -> Select[Any]:
    names = (_ACTOR.name.label("actor_name"), _PERSON.name.label("person_name"))
    named = select(*_entries.c, *names).select_from(_entries)
    return named.outerjoin(_ACTOR, _ACTOR.id == _entries.c.actor_id).outerjoin(
        _PERSON, _PERSON.id == _entries.c.person_id
    )


def _told(value: Any) -> str:
    return clock.wire(value) if isinstance(value, datetime) else str(value)
