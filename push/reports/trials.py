"""A test push to one's own device, which goes the way of every other, so that people see where that breaks."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, NotFound, TooManyRequests
from people.actor import Actor
from people.models import Device
from push.models import Delivery, Notification

LASTS = timedelta(minutes=10)
ALLOWED = 5
_PRIORITY = 1


class PushNotRegistered(Conflict):
    """There is no address to send to."""

    code, title = "push_not_registered", "This device has not told where push reaches it"


def send_test(session: Session, actor: Actor) -> dict[str, Any]:
    """Queue a test push to the device that asks; `ALLOWED` within `LASTS`.

    Raises `PushNotRegistered`, or `TooManyRequests`.
    """
    device = session.get_one(Device, actor.device_id, with_for_update=True)
    if device.push_address is None:
        raise PushNotRegistered
    now = clock.now()
    _check_rate(session, actor, now)
    notification = Notification(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        kind="test",
        subject_id=actor.device_id,
        actor_id=actor.person_id,
        facts={"type": "push.test"},
        expires_at=now + LASTS,
    )
    delivery = Delivery(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        notification_id=notification.id,
        person_id=actor.person_id,
        device_id=actor.device_id,
        why="test",
        priority=_PRIORITY,
        status="queued",
        due_at=now,
        expires_at=now + LASTS,
        created_at=now,
    )
    session.add(notification)
    session.flush()
    session.add(delivery)
    session.flush()
    return _wire(delivery)


def read_test(session: Session, actor: Actor, delivery_id: UUID) -> dict[str, Any]:
    """What became of a test push to the device that asks."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.why != "test" or delivery.person_id != actor.person_id:
        raise NotFound
    if delivery.device_id != actor.device_id:
        raise NotFound
    return _wire(delivery)


def _check_rate(session: Session, actor: Actor, now: datetime) -> None:
    recent = select(Delivery.created_at).where(
        Delivery.device_id == actor.device_id, Delivery.why == "test", Delivery.created_at > now - LASTS
    )
    before = session.scalars(recent.order_by(Delivery.created_at.desc()).limit(ALLOWED)).all()
    if len(before) == ALLOWED:
        wait = (before[-1] + LASTS - now).total_seconds()
        raise TooManyRequests(headers={"Retry-After": str(max(1, round(wait)))})


def _wire(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "status": delivery.status,
        "reason": delivery.reason,
        "queued_at": clock.wire(delivery.created_at),
        "sent_at": clock.wire_or_none(delivery.sent_at),
        "delivered_at": clock.wire_or_none(delivery.delivered_at),
        "opened_at": clock.wire_or_none(delivery.opened_at),
    }
