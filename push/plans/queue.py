"""Writes notifications and queues deliveries: whom a statement names, on every phone that can be woken.

One INSERT … SELECT an event, whether it reaches one person or everyone of an organisation, and nothing is locked that
a post or a membership waits for. Again is no mistake: a notification reaches a device once for each action.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    SmallInteger,
    Text,
    Uuid,
    and_,
    case,
    cast,
    exists,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.orm import Session, aliased

from base import clock
from base.arrays import arrays
from base.database import AnyRow, table_of
from people.models import Device, Person, SignedInSession
from push.models import Delivery, Notification
from push.rules import (
    CONNECTED,
    HEAD_START,
    LEVELS,
    MUTED,
    PRIORITIES,
    SILENT_DEVICE,
    SILENT_PRIORITY,
    URGENT,
)

_AT = DateTime(timezone=True)
COLUMNS = (
    "organisation_id",
    "notification_id",
    "person_id",
    "device_id",
    "why",
    "action",
    "priority",
    "due_at",
    "expires_at",
)


# What a notification takes from its event: the event's attribute → (column, type).
_OF_EVENT: dict[str, tuple[str, Any]] = {
    "event_id": ("id", Uuid),
    "organisation_id": ("organisation_id", Uuid),
    "scope_id": ("scope_id", Uuid),
    "subject_id": ("subject_id", Uuid),
    "actor_id": ("actor_id", Uuid),
    "position": ("position", BigInteger),
}
# An event, the kind of its notification, its facts, and until when it makes sense to tell it.
Tiding = tuple[AnyRow, str, dict[str, Any], datetime]


@dataclass(frozen=True)
class Note:
    """The notification that deliveries are of."""

    id: UUID
    organisation_id: UUID
    expires_at: datetime


def notify(session: Session, event: AnyRow, kind: str, facts: dict[str, Any], expires_at: datetime) -> Note:
    """Write down what an event has to tell."""
    return notify_each(session, [(event, kind, facts, expires_at)])[0]


def notify_each(session: Session, tidings: Sequence[Tiding]) -> list[Note]:
    """Write down what each of these events has to tell."""
    if tidings:
        events, kinds, facts, untils = zip(*tidings, strict=True)
        lists = {name: [getattr(event, name) for event in events] for name in _OF_EVENT}
        lists |= {"kind": kinds, "facts": [orjson.dumps(fact).decode() for fact in facts], "until": untils}
        session.execute(_written(), {name: list(values) for name, values in lists.items()})
    return [Note(event.event_id, event.organisation_id, until) for event, _, _, until in tidings]


@cache
def _written() -> Insert:
    own = {"kind": ("kind", Text), "facts": ("facts", Text), "until": ("expires_at", _AT)}
    notes = arrays("notes", _OF_EVENT | own)
    rows = select(*(cast(each, JSONB) if each.name == "facts" else each for each in notes.c))
    into = insert(table_of(Notification)).from_select([each.name for each in notes.c], rows)
    return into.on_conflict_do_nothing()


def queue(session: Session, note: Note, told: Select[UUID, str], action: str = "show") -> int:
    """Queue a notification for persons (a statement of person_id and why); returns on how many phones it is new."""
    rows = insertion(literal(note.organisation_id, Uuid), _of(note, told), action)
    return count(session, rows.on_conflict_do_nothing())


def queue_each(session: Session, notes: Sequence[tuple[UUID, Note]], why: str) -> int:
    """Queue notifications of one organisation for one person each."""
    if not notes:
        return 0
    columns = {
        "persons": ("person_id", Uuid),
        "notes": ("notification_id", Uuid),
        "until": ("expires_at", _AT),
    }
    each = arrays("each", columns)
    told = select(each, literal(why, Text).label("why"))
    rows = insertion(literal(notes[0][1].organisation_id, Uuid), told)
    values = {
        "persons": [person for person, _ in notes],
        "notes": [note.id for _, note in notes],
        "until": [note.expires_at for _, note in notes],
    }
    return count(session, rows.on_conflict_do_nothing(), values)


def queue_again(session: Session, note: Note, told: Select[UUID, str]) -> int:
    """As `queue`, and also where it was held back before, or was shown to somebody who had the phone before."""
    rows = insertion(literal(note.organisation_id, Uuid), _of(note, told))
    held_back = Delivery.status.in_(("dropped", "expired"))
    return count(session, once_more(rows, or_(held_back, Delivery.person_id != rows.excluded.person_id)))


def resume(session: Session, person_id: UUID, notifications: Select[UUID]) -> int:
    """Queue anew what a person was not told for being elsewhere, while it makes sense; on how many phones."""
    now = clock.now()
    again = (
        update(Delivery)
        .where(
            Delivery.device_id.in_(select(Device.id).where(Device.person_id == person_id)),
            Delivery.person_id == person_id,
            Delivery.notification_id.in_(notifications),
            Delivery.status == "dropped",
            Delivery.reason == "off_site",
            Delivery.expires_at > now,
        )
        .values(status="queued", attempts=0, reason=None, due_at=now)
    )
    return count(session, again.execution_options(synchronize_session=False))


def these(persons: Sequence[UUID], why: str) -> Select[UUID, str]:
    """Persons by their ids, to be told for one reason."""
    return select(Person.id.label("person_id"), literal(why, Text).label("why")).where(Person.id.in_(persons))


def at_their_level(
    audience: Any, why: ColumnElement[str], now: ColumnElement[datetime] | None = None
) -> ColumnElement[bool]:
    """`rules.is_told` as a condition on an audience, at this moment or another."""
    muted = audience.c.muted_until > _moment(now)
    level = case((muted, MUTED), else_=audience.c.level)
    return or_(*(and_(level == name, why.in_(sorted(through))) for name, through in LEVELS.items()))


def wakeable(now: ColumnElement[datetime] | None = None) -> list[ColumnElement[bool]]:
    """The conditions for a device that can be woken: an address, its person signed in on it, heard of lately."""
    signed_in = exists().where(
        SignedInSession.device_id == Device.id,
        SignedInSession.person_id == Device.person_id,
        SignedInSession.ended_at.is_(None),
        SignedInSession.expires_at > _moment(now),
    )
    return [Device.push_address.is_not(None), Device.last_seen_at > _moment(now) - SILENT_DEVICE, signed_in]


def insertion(
    organisation_id: ColumnElement[UUID],
    told: Select[*tuple[Any, ...]],
    action: str = "show",
    now: ColumnElement[datetime] | None = None,
) -> Insert:
    """The deliveries to each phone of whoever is told: a statement of person_id, why, notification_id, expires_at."""
    now, whom = _moment(now), told.subquery("told")
    any_device = aliased(Device)
    connected = exists().where(
        any_device.person_id == whom.c.person_id, any_device.last_seen_at > now - CONNECTED
    )
    waits = and_(whom.c.why.not_in(sorted(URGENT)), connected)
    due_at = case((waits, now + HEAD_START), else_=now)
    by_why = case(PRIORITIES, value=whom.c.why, else_=SILENT_PRIORITY)
    rows = (
        select(
            organisation_id,
            whom.c.notification_id,
            whom.c.person_id,
            Device.id,
            whom.c.why,
            literal(action, Text),
            by_why if action == "show" else literal(SILENT_PRIORITY, SmallInteger),
            due_at if action == "show" else now,
            whom.c.expires_at,
        )
        .join(Device, Device.person_id == whom.c.person_id)
        .where(*wakeable(now))
    )
    return insert(table_of(Delivery)).from_select(COLUMNS, rows)


def once_more(rows: Insert, where: ColumnElement[bool]) -> Insert:
    """The insertion, or where the row is there already and `where` holds, the row queued afresh."""
    fresh = {name: rows.excluded[name] for name in ("person_id", "why", "due_at", "expires_at")}
    return rows.on_conflict_do_update(
        index_elements=[Delivery.notification_id, Delivery.device_id, Delivery.action],
        set_={**fresh, "status": "queued", "attempts": 0, "reason": None},
        where=where,
    )


def count(session: Session, statement: Any, values: dict[str, Any] | None = None) -> int:
    """Execute a statement; returns how many rows it wrote."""
    result: Any = session.execute(statement, values)
    return result.rowcount


def _of(note: Note, told: Select[UUID, str]) -> Select[*tuple[Any, ...]]:
    one = literal(note.id, Uuid).label("notification_id")
    return told.add_columns(one, literal(note.expires_at, _AT).label("expires_at"))


def _moment(now: ColumnElement[datetime] | None) -> ColumnElement[datetime]:
    return literal(clock.now(), _AT) if now is None else now
