"""Writing the audit log: a row to search, and an event that puts the same into the chain.

Both are written in the transaction of what they tell: what was done is in the log, and what is in the log was done.
"""

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
    row = {**vars(entry), "id": ids.new_id(), "at": clock.now()}
    session.execute(_WRITE, row)
    event = Event(AUDIT_RECORDED, row["id"], wire_record(row), actor_id=entry.actor_id, occurred_at=row["at"])
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


def wire_record(row: Any) -> dict[str, Any]:
    """An entry with ids alone, as the chain keeps it; of a row, or of what becomes one."""
    get = row.get if isinstance(row, dict) else lambda name: getattr(row, name)
    wired = {name: get(name) for name in _PLAIN} | {name: _id(get(name)) for name in _IDS}
    return wired | {"at": clock.wire(get("at")), "result": str(get("result"))}


_IDS = ("id", "actor_id", "person_id", "subject_id", "device_id", "session_id")
_PLAIN = ("action", "code", "subject_kind", "address", "agent", "before", "after")


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
