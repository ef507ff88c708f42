"""Writes notifications and queues deliveries: whom a statement names, on every phone that can be woken.

One INSERT … SELECT an event, whether it reaches one person or everyone of an organisation, and nothing is locked that
a post or a membership waits for. Again is no mistake: a notification reaches a device once for each action.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Select,
    SmallInteger,
    Text,
    Uuid,
    and_,
    case,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session, aliased

from base import clock
from base.database import AnyRow
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
    WITHDRAWAL_LASTS,
)

_AT = DateTime(timezone=True)
_BEING_SENT = timedelta(seconds=5)  # longer than a sending takes; a withdrawal must not overtake it
_UNFINISHED = ("queued", "sending")
_COLUMNS = (
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


@dataclass(frozen=True)
class Note:
    """The notification that deliveries are of."""

    id: UUID
    organisation_id: UUID
    expires_at: datetime


def notify(session: Session, event: AnyRow, kind: str, facts: dict[str, Any], expires_at: datetime) -> Note:
    """Write down what an event has to tell."""
    row = {
        "id": event.event_id,
        "organisation_id": event.organisation_id,
        "kind": kind,
        "scope_id": event.scope_id,
        "subject_id": event.subject_id,
        "actor_id": event.actor_id,
        "position": event.position,
        "facts": facts,
        "expires_at": expires_at,
    }
    session.execute(insert(Notification).on_conflict_do_nothing(), row)
    return Note(event.event_id, event.organisation_id, expires_at)


def queue(session: Session, note: Note, told: Select[UUID, str], action: str = "show") -> int:
    """Queue a notification for persons (a statement of person_id and why); returns on how many phones it is new."""
    rows = insert(Delivery).from_select(_COLUMNS, _deliveries(note, told, action))
    return _count(session, rows.on_conflict_do_nothing())


def queue_each(session: Session, notes: Sequence[tuple[UUID, Note]], why: str) -> int:
    """Queue notifications for one person each, all of one organisation and about as long valid."""
    if not notes:
        return 0
    persons, theirs = [person for person, _ in notes], [note.id for _, note in notes]
    pairs = (
        func.unnest(literal(persons, ARRAY(Uuid)), literal(theirs, ARRAY(Uuid)))
        .table_valued(column("person_id", Uuid), column("notification_id", Uuid))
        .render_derived("each")
    )
    told = select(pairs.c.person_id, literal(why, Text).label("why"), pairs.c.notification_id)
    rows = insert(Delivery).from_select(_COLUMNS, _deliveries(notes[0][1], told, "show"))
    return _count(session, rows.on_conflict_do_nothing())


def queue_again(session: Session, note: Note, told: Select[UUID, str]) -> int:
    """As `queue`, and also where it was held back before, or was shown to somebody who had the phone before."""
    rows = insert(Delivery).from_select(_COLUMNS, _deliveries(note, told, "show"))
    held_back = Delivery.status.in_(("dropped", "expired"))
    return _count(session, _once_more(rows, or_(held_back, Delivery.person_id != rows.excluded.person_id)))


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
    return _count(session, again.execution_options(synchronize_session=False))


def withdraw(session: Session, shown: Select[UUID], reason: str, *, person_id: UUID | None = None) -> int:
    """Take notifications (a statement of their ids) back: what is queued is dropped, what was shown is withdrawn.

    The first statement waits for a claim that is just being made; so the second one sees what may have gone out. That
    is also what was tried and dropped only now: FCM may have taken it though its answer was lost.
    """
    of_them = [Delivery.notification_id.in_(shown), Delivery.action == "show"]
    if person_id is not None:
        theirs = select(Device.id).where(Device.person_id == person_id)  # so that the unique index serves
        of_them += [Delivery.device_id.in_(theirs), Delivery.person_id == person_id]
    waiting = select(Delivery.id).where(*of_them, Delivery.status == "queued")
    locked = waiting.order_by(Delivery.id).with_for_update().scalar_subquery()
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(locked), Delivery.status == "queued")
        .values(status="dropped", reason=reason)
    )
    tried = and_(Delivery.status == "dropped", Delivery.reason == reason, Delivery.attempts > 0)
    gone_out = or_(Delivery.status.in_(("sending", "sent")), tried)
    rows = insert(Delivery).from_select(_COLUMNS, _withdrawals([*of_them, gone_out]))
    return _count(session, _once_more(rows, Delivery.status.not_in(_UNFINISHED)))


def these(persons: Sequence[UUID], why: str) -> Select[UUID, str]:
    """Persons by their ids, to be told for one reason."""
    return select(Person.id.label("person_id"), literal(why, Text).label("why")).where(Person.id.in_(persons))


def at_their_level(audience: Any, why: ColumnElement[str]) -> ColumnElement[bool]:
    """`rules.is_told` as a condition on an audience."""
    muted = audience.c.muted_until > clock.now()
    level = case((muted, MUTED), else_=audience.c.level)
    return or_(*(and_(level == name, why.in_(sorted(through))) for name, through in LEVELS.items()))


def wakeable() -> list[ColumnElement[bool]]:
    """The conditions for a device that can be woken: an address, its person signed in on it, heard of lately."""
    now = clock.now()
    signed_in = exists().where(
        SignedInSession.device_id == Device.id,
        SignedInSession.person_id == Device.person_id,
        SignedInSession.ended_at.is_(None),
        SignedInSession.expires_at > now,
    )
    return [Device.push_address.is_not(None), Device.last_seen_at > now - SILENT_DEVICE, signed_in]


def _deliveries(note: Note, told: Select[*tuple[Any, ...]], action: str) -> Select[*tuple[Any, ...]]:
    now = clock.now()
    whom = told.subquery("told")
    any_device = aliased(Device)
    connected = exists().where(
        any_device.person_id == whom.c.person_id, any_device.last_seen_at > now - CONNECTED
    )
    waits = and_(whom.c.why.not_in(sorted(URGENT)), connected)
    due_at = case((waits, literal(now + HEAD_START, _AT)), else_=literal(now, _AT))
    by_why = case(PRIORITIES, value=whom.c.why, else_=SILENT_PRIORITY)
    return (
        select(
            literal(note.organisation_id, Uuid),
            whom.c.get("notification_id", literal(note.id, Uuid)),
            whom.c.person_id,
            Device.id,
            whom.c.why,
            literal(action, Text),
            by_why if action == "show" else literal(SILENT_PRIORITY, SmallInteger),
            due_at if action == "show" else literal(now, _AT),
            literal(note.expires_at, _AT),
        )
        .join(Device, Device.person_id == whom.c.person_id)
        .where(*wakeable())
    )


def _once_more(rows: Any, where: ColumnElement[bool]) -> Any:
    """The insertion, or where the row is there already and `where` holds, the row queued afresh."""
    fresh = {name: rows.excluded[name] for name in ("person_id", "why", "due_at", "expires_at")}
    return rows.on_conflict_do_update(
        index_elements=[Delivery.notification_id, Delivery.device_id, Delivery.action],
        set_={**fresh, "status": "queued", "attempts": 0, "reason": None},
        where=where,
    )


def _withdrawals(of_them: Sequence[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    """One a phone and subject, though an alert may have been shown again and again: they replace each other there.

    What was shown before the last withdrawal is off the screen; what was shown since is not.
    """
    now = clock.now()
    due_at = case((Delivery.status == "sending", literal(now + _BEING_SENT, _AT)), else_=literal(now, _AT))
    earlier, told = aliased(Delivery), aliased(Notification)
    of_subject = select(told.id).where(told.subject_id == Notification.subject_id)
    taken_back = exists().where(
        earlier.notification_id.in_(of_subject),
        earlier.device_id == Delivery.device_id,
        earlier.action == "withdraw",
        earlier.status == "sent",
        earlier.person_id == Delivery.person_id,
        earlier.sent_at > Delivery.sent_at,
    )
    return (
        select(
            Delivery.organisation_id,
            Delivery.notification_id,
            Delivery.person_id,
            Delivery.device_id,
            Delivery.why,
            literal("withdraw", Text),
            literal(SILENT_PRIORITY, SmallInteger),
            due_at,
            func.greatest(Delivery.expires_at, now + WITHDRAWAL_LASTS),
        )
        .ext(distinct_on(Delivery.device_id, Notification.subject_id))
        .join(Notification, Notification.id == Delivery.notification_id)
        .join(Device, and_(Device.id == Delivery.device_id, Device.person_id == Delivery.person_id))
        .where(*of_them, ~taken_back, *wakeable())
        .order_by(Delivery.device_id, Notification.subject_id, Notification.id)
    )


def _count(session: Session, statement: Any) -> int:
    result: Any = session.execute(statement)
    return result.rowcount
