"""Writes notifications and queues deliveries: to whom a statement names, on every phone that can be woken.

One INSERT … SELECT an event, whether it reaches one person or everyone of an organisation, and nothing is locked that
a post or a membership waits for. Again is no mistake: a notification reaches a device once for each action.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Select, Text, Uuid, literal, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow, table_of
from base.rows import GivenRows, rows_written
from people.models import Device
from push.models import Delivery, Notification
from push.plans.deliveries import deliveries, or_queued_afresh

_AT = DateTime(timezone=True)


class NewNotification(NamedTuple):
    """A notification that is to be written: what an event has to tell, and until when it makes sense to tell it."""

    id: UUID
    organisation_id: UUID
    scope_id: UUID | None
    subject_id: UUID
    actor_id: UUID | None
    position: int
    kind: str
    facts: dict[str, Any]
    expires_at: datetime


class Notified(NamedTuple):
    """A notification that is written: what its deliveries take from it."""

    id: UUID
    organisation_id: UUID
    expires_at: datetime


class _Call(NamedTuple):
    """A notification for one person."""

    notification_id: UUID
    person_id: UUID
    expires_at: datetime


_NEW = GivenRows("new", NewNotification)
_CALLS = GivenRows("calls", _Call)


def new_notification(
    event: AnyRow, kind: str, facts: dict[str, Any], expires_at: datetime
) -> NewNotification:
    """What an event has to tell, to be written with `notify_each`."""
    return NewNotification(
        id=event.event_id,
        organisation_id=event.organisation_id,
        scope_id=event.scope_id,
        subject_id=event.subject_id,
        actor_id=event.actor_id,
        position=event.position,
        kind=kind,
        facts=facts,
        expires_at=expires_at,
    )


def notify(
    session: Session, event: AnyRow, kind: str, facts: dict[str, Any], expires_at: datetime
) -> Notified:
    """Write down what an event has to tell."""
    return notify_each(session, [new_notification(event, kind, facts, expires_at)])[0]


def notify_each(session: Session, notifications: Sequence[NewNotification]) -> list[Notified]:
    """Write notifications; one that is there already stays as it is."""
    if notifications:
        session.execute(_written(), _NEW.values(notifications))
    return [Notified(new.id, new.organisation_id, new.expires_at) for new in notifications]


@cache
def _written() -> Insert:
    rows = insert(table_of(Notification)).from_select(NewNotification._fields, select(_NEW.table))
    return rows.on_conflict_do_nothing()


def queue(
    session: Session, notification: Notified, recipients: Select[UUID, str], action: str = "show"
) -> int:
    """Queue a notification for persons (a statement of person_id and why); returns on how many phones it is new."""
    rows = deliveries(_organisation_of(notification), _with(notification, recipients), action)
    return rows_written(session, rows.on_conflict_do_nothing())


def queue_each(session: Session, notifications: Sequence[Notified], persons: Sequence[UUID], why: str) -> int:
    """Queue notifications of one organisation, each for the person beside it."""
    if not notifications:
        return 0
    calls = [
        _Call(notification.id, person_id, notification.expires_at)
        for notification, person_id in zip(notifications, persons, strict=True)
    ]
    called = select(_CALLS.table, literal(why, Text).label("why"))
    rows = deliveries(_organisation_of(notifications[0]), called)
    return rows_written(session, rows.on_conflict_do_nothing(), _CALLS.values(calls))


def queue_again(session: Session, notification: Notified, recipients: Select[UUID, str]) -> int:
    """As `queue`, and also where it was held back before, or was shown to somebody who had the phone before."""
    rows = deliveries(_organisation_of(notification), _with(notification, recipients))
    held_back = Delivery.status.in_(("dropped", "expired"))
    another = Delivery.person_id != rows.excluded.person_id
    return rows_written(session, or_queued_afresh(rows, or_(held_back, another)))


def resume(session: Session, person_id: UUID, notifications: Select[UUID]) -> int:
    """Queue anew what was held back from a person for being elsewhere, while it makes sense; on how many phones."""
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
    return rows_written(session, again.execution_options(synchronize_session=False))


def _organisation_of(notification: Notified) -> ColumnElement[UUID]:
    return literal(notification.organisation_id, Uuid)


def _with(notification: Notified, recipients: Select[UUID, str]) -> Select[*tuple[Any, ...]]:
    """Recipients, with what their deliveries take from the notification."""
    return recipients.add_columns(
        literal(notification.id, Uuid).label("notification_id"),
        literal(notification.expires_at, _AT).label("expires_at"),
    )
