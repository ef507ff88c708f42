"""Pushes that FCM refused although their address is good: our own mistake, most likely. They hold no words.

Where a site shows numbers alone, what was pushed to somebody because they were there is in no list: it names a device.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.errors import Conflict, NotFound
from geo.models.places import Place
from geo.models.privacy import Charter
from geo.presence.accounts import BY_PRESENCE
from people.audience import live_membership
from people.models import Device, Membership
from push.models import Delivery, Notification

_BELONGED = exists().where(
    Membership.scope_id == Notification.scope_id,
    Membership.person_id == Delivery.person_id,
    Membership.source != BY_PRESENCE,
    Membership.started_at <= Delivery.created_at,
    *live_membership(),
)
_NUMBERS_ALONE = exists().where(
    Place.id == Notification.scope_id,
    Charter.site_id == Place.site_id,
    or_(Charter.aggregate_only, Charter.former_aggregate_only.is_(True)),
)
_TELLS_WHO_WAS_THERE = _NUMBERS_ALONE & ~_BELONGED


class DeliveryExpired(Conflict):
    """It is too late to tell it."""

    code, title = "delivery_expired", "It is too late to send this"


def dead_letters(
    session: Session, organisation_id: UUID, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of an organisation's dead letters, newest first by their ids."""
    query = (
        select(Delivery, Notification.kind, Notification.scope_id, Notification.subject_id, Device.platform)
        .join(Notification, Notification.id == Delivery.notification_id)
        .join(Device, Device.id == Delivery.device_id)
        .where(Delivery.organisation_id == organisation_id, Delivery.status == "dead", ~_TELLS_WHO_WAS_THERE)
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Delivery.id < before)
    return [_wire(row) for row in session.execute(query)]


def retry(session: Session, organisation_id: UUID, delivery_id: UUID) -> None:
    """Queue a dead letter again, as if for the first time. Raises `DeliveryExpired`, or `NotFound`."""
    delivery = session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None or delivery.organisation_id != organisation_id or delivery.status != "dead":
        raise NotFound
    if delivery.expires_at <= clock.now():
        raise DeliveryExpired
    delivery.status, delivery.reason, delivery.attempts = "queued", None, 0
    delivery.due_at = clock.now()
    session.flush()


def _wire(row: AnyRow) -> dict[str, Any]:
    delivery: Delivery = row[0]
    return {
        "id": str(delivery.id),
        "kind": row.kind,
        "why": delivery.why,
        "action": delivery.action,
        "scope_id": None if row.scope_id is None else str(row.scope_id),
        "subject_id": str(row.subject_id),
        "device_id": str(delivery.device_id),
        "platform": row.platform,
        "reason": delivery.reason,
        "attempts": delivery.attempts,
        "queued_at": clock.wire(delivery.created_at),
        "expires_at": clock.wire(delivery.expires_at),
    }
