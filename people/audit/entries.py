"""Writing the audit log: a row to search, and an event that puts the same into the chain.

Both are written in the transaction of what they tell: what was done is in the log, and what is in the log was done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import table_of
from journal.catalogue import AUDIT_RECORDED
from journal.events import Event, append
from people.audit.models import AuditEntry

NOBODYS = UUID(int=0)
"""The organisation of names that are no organisation's."""
SAME_LOOK = timedelta(minutes=15)
Noted = dict[str, Any]
_entries = table_of(AuditEntry)
_WRITE = insert(_entries)


class Result(StrEnum):
    """What came of it."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Entry:
    """What is to be written down.

    `actor_id` is who did it (None: not known, or an operator), `person_id` whom it concerns, `code` that of a refusal.
    `before` and `after` are plain data, without secrets and without what people said.
    """

    organisation_id: UUID
    action: str
    result: Result = Result.DONE
    code: str | None = None
    actor_id: UUID | None = None
    person_id: UUID | None = None
    subject_kind: str | None = None
    subject_id: UUID | None = None
    address: str | None = None
    device_id: UUID | None = None
    session_id: UUID | None = None
    agent: str | None = None
    before: Noted | None = None
    after: Noted | None = None


def record(session: Session, entry: Entry) -> None:
    """Write an entry."""
    id_, at = ids.new_id(), clock.now()
    row = {**vars(entry), "id": id_, "at": at, "result": str(entry.result)}
    session.execute(_WRITE, row)
    event = Event(AUDIT_RECORDED, id_, wire_record(row), actor_id=entry.actor_id, occurred_at=at)
    append(session, entry.organisation_id, event)


def record_once(session: Session, entry: Entry) -> None:
    """Write an entry of what an app may repeat every few seconds: once in a quarter of an hour."""
    if not _is_known(session, entry, clock.now() - SAME_LOOK):
        record(session, entry)


def _is_known(session: Session, entry: Entry, since: datetime) -> bool:
    same = ("action", "result", "code", "person_id", "subject_id", "session_id", "after")
    told = (_entries.c[name].is_not_distinct_from(getattr(entry, name)) for name in same)
    by = (_entries.c.organisation_id == entry.organisation_id, _entries.c.actor_id == entry.actor_id)
    return bool(session.scalar(select(exists().where(*by, _entries.c.at >= since, *told))))


def wire_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with ids alone, as the chain keeps it; of a row, or of what becomes one."""
    wired = {name: row[name] for name in _PLAIN} | {name: _id(row[name]) for name in _IDS}
    return wired | {"at": clock.wire(row["at"])}


_IDS = ("id", "actor_id", "person_id", "subject_id", "device_id", "session_id")
_PLAIN = ("action", "result", "code", "subject_kind", "address", "agent", "before", "after")


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
