"""Takes notifications back: what waits is dropped, what is on a lock screen goes from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    SmallInteger,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, distinct_on, insert
from sqlalchemy.orm import Session, aliased

from base import clock
from base.rows import rows_written
from people.models import Device
from push.models import Delivery, Notification
from push.plans.deliveries import or_queued_afresh, wakeable
from push.rules import SILENT_PRIORITY, WITHDRAWAL_LASTS

_AT = DateTime(timezone=True)
_BEING_SENT = timedelta(seconds=5)  # longer than a sending takes
_UNFINISHED = ("queued", "sending")


def withdraw(
    session: Session,
    shown: Select[UUID],
    reason: str,
    *,
    person_id: UUID | None = None,
    but_on: UUID | None = None,
    why: str | None = None,
) -> int:
    """Take notifications (a statement of their ids) back: what is queued is dropped, what was shown is withdrawn.

    From one person's phones, where they are named, `but_on` the one that knows; and only what was told for one reason.

    The first statement waits for a claim that is just being made; so the second one sees what may have gone out. That
    is also what was tried and dropped only now: FCM may have taken it though its answer was lost.
    """
    of_them = [Delivery.notification_id.in_(shown), Delivery.action == "show"]
    if person_id is not None:
        theirs = select(Device.id).where(Device.person_id == person_id)  # so that the unique index serves
        of_them += [Delivery.device_id.in_(theirs), Delivery.person_id == person_id]
    if but_on is not None:
        of_them.append(Delivery.device_id != but_on)
    if why is not None:
        of_them.append(Delivery.why == why)
    waiting = select(Delivery.id).where(*of_them, Delivery.status == "queued")
    locked = waiting.order_by(Delivery.id).with_for_update().scalar_subquery()
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(locked), Delivery.status == "queued")
        .values(status="dropped", reason=reason)
    )
    tried = and_(Delivery.status == "dropped", Delivery.reason == reason, Delivery.attempts > 0)
    gone_out = or_(Delivery.status.in_(("sending", "sent")), tried)
    rows = _withdrawals([*of_them, gone_out])
    return rows_written(session, or_queued_afresh(rows, Delivery.status.not_in(_UNFINISHED)))


def _withdrawals(of_them: Sequence[ColumnElement[bool]]) -> Insert:
    """One a phone and subject, though an alert may have been shown again and again: they replace each other there.

    What was shown before the last withdrawal is off the screen; what was shown since is not.
    """
    now = clock.now()
    columns = {
        "organisation_id": Delivery.organisation_id,
        "notification_id": Delivery.notification_id,
        "person_id": Delivery.person_id,
        "device_id": Delivery.device_id,
        "why": Delivery.why,
        "action": literal("withdraw", Text),
        "priority": literal(SILENT_PRIORITY, SmallInteger),
        "due_at": _due_at(now),
        "expires_at": func.greatest(Delivery.expires_at, now + WITHDRAWAL_LASTS),
    }
    rows = (
        select(*columns.values())
        .ext(distinct_on(Delivery.device_id, Notification.subject_id))
        .join(Notification, Notification.id == Delivery.notification_id)
        .join(Device, and_(Device.id == Delivery.device_id, Device.person_id == Delivery.person_id))
        .where(*of_them, ~_taken_back(), *wakeable())
        .order_by(Delivery.device_id, Notification.subject_id, Notification.id)
    )
    return insert(Delivery).from_select(list(columns), rows)


def _due_at(now: datetime) -> ColumnElement[datetime]:
    """A withdrawal must not overtake what is just being sent."""
    return case((Delivery.status == "sending", literal(now + _BEING_SENT, _AT)), else_=literal(now, _AT))


def _taken_back() -> ColumnElement[bool]:
    """Whether there was a withdrawal on this phone since."""
    earlier, same = aliased(Delivery), aliased(Notification)
    of_subject = select(same.id).where(same.subject_id == Notification.subject_id)
    return exists().where(
        earlier.notification_id.in_(of_subject),
        earlier.device_id == Delivery.device_id,
        earlier.action == "withdraw",
        earlier.status == "sent",
        earlier.person_id == Delivery.person_id,
        earlier.sent_at > Delivery.sent_at,
    )
