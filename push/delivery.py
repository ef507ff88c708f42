"""Sending what is queued: claim, check again, send, record.

    queued ──claim──▶ sending ──FCM──▶ sent
       ▲                 │               failed   (address gone, or FCM will never take it)
       └──later/lease────┘               expired  (its time is over) · dropped (no longer to be told)

A claim is a lease: a worker that dies leaves `sending` rows behind, which are due again when the lease runs out. If
it died between FCM's yes and the record, the message goes out twice: the window is one request, and the collapse
key and the event id in the data let the phone show it once.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from base import clock
from base.database import Database
from base.logs import logger
from geo.muster_models import Muster, MusterEntry
from people.audience import following
from people.devices import clear_push_address
from people.models import Device, Person
from push.compose import LOCALES, Recipient, compose
from push.fcm import FcmSender, Gone, Later, Mismatch, Outcome, Refused, Sent
from push.messages import Push, UnsendablePush, build_message
from push.models import Delivery, Notification
from social.models import Post

log = logger(__name__)
LEASE = timedelta(seconds=60)
FIRST_RETRY_S, LAST_RETRY_S = 2.0, 600.0


@dataclass(frozen=True)
class Claimed:
    """A delivery that this worker may send now, with the address that its device has at this moment."""

    id: UUID
    device_id: UUID
    address: str
    attempts: int
    push: Push


def send_due(database: Database, sender: FcmSender, limit: int, more: Callable[[], None]) -> int:
    """Claim up to `limit` due deliveries, send them one by one, record each; returns how many were due.

    `more` is called before sending when there may be others that are due.
    """
    with database.transaction() as session:
        due = _claim(session, limit)
        claimed = [ready for row in due if (ready := _check_again(session, row)) is not None]
    if len(due) == limit:
        more()
    for delivery in claimed:
        outcome = _send(sender, delivery)
        with database.transaction() as session:
            _record(session, delivery, outcome)
    return len(due)


def _claim(session: Session, limit: int) -> Sequence[Delivery]:
    now = clock.now()
    due = (
        select(Delivery.id)
        .where(Delivery.status.in_(("queued", "sending")), Delivery.due_at <= now)
        .order_by(Delivery.priority, Delivery.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(
        update(Delivery)
        .where(Delivery.id.in_(due.scalar_subquery()))
        .values(status="sending", attempts=Delivery.attempts + 1, due_at=now + LEASE)
        .returning(Delivery)
    ).all()


def _check_again(session: Session, row: Delivery) -> Claimed | None:
    """At the moment of sending: not too late, still a follower, still this person's device, not deleted."""
    if row.expires_at <= clock.now():
        row.status, row.reason = "expired", "ttl"
        return None
    device = session.get_one(Device, row.device_id)
    note = session.get_one(Notification, row.notification_id)
    reason = _why_not(session, row, note, device)
    if reason is not None or device.push_address is None:
        row.status, row.reason = "dropped", reason
        return None
    to = Recipient(
        device.push_address,
        device.push_address_kind or "token",
        device.platform,
        _locale(session, device),
        "full",
        None,
    )
    push = compose(note, row, to, row.expires_at - clock.now())
    return Claimed(row.id, row.device_id, device.push_address, row.attempts, push)


def _why_not(session: Session, row: Delivery, note: Notification, device: Device) -> str | None:
    if device.person_id != row.person_id:
        return "device_changed_hands"
    if device.push_address is None:
        return "no_address"
    if note.kind == "muster":
        return _why_not_called(session, row, note)
    post = session.get(Post, note.subject_id)
    if post is not None and post.deleted_at is not None:
        return "deleted"
    if note.scope_id is not None:
        followed = {scope.scope_id for scope in following(session, row.person_id, row.organisation_id)}
        if note.scope_id not in followed:
            return "no_longer_a_member"
    return None


def _why_not_called(session: Session, row: Delivery, note: Notification) -> str | None:
    """A roll call calls those who are on it and silent, while it runs."""
    muster = session.get(Muster, note.subject_id)
    entry = session.get(MusterEntry, (note.subject_id, row.person_id))
    if muster is None or muster.ended_at is not None:
        return "muster_ended"
    return None if entry is not None and entry.status == "unaccounted" else "answered"


def _locale(session: Session, device: Device) -> str:
    locale = device.locale or session.get_one(Person, device.person_id).locale
    return locale if locale in LOCALES else "en"


def _send(sender: FcmSender, delivery: Claimed) -> Outcome:
    try:
        return sender.send(build_message(delivery.push))
    except UnsendablePush as mistake:
        return Refused(str(mistake))


def _record(session: Session, delivery: Claimed, outcome: Outcome) -> None:
    changes: dict[str, Any]
    match outcome:
        case Sent(message_id):
            changes = {"status": "sent", "message_id": message_id, "sent_at": clock.now()}
        case Gone() | Mismatch():
            _forget_address(session, delivery)
            reason = "unregistered" if isinstance(outcome, Gone) else "sender_mismatch"
            changes = {"status": "failed", "reason": reason}
        case Refused(reason):
            log.error("push_refused", delivery=str(delivery.id))
            changes = {"status": "failed", "reason": reason}
        case Later(reason, after_s):
            wait = timedelta(seconds=_wait_s(delivery.attempts, after_s))
            changes = {"status": "queued", "reason": reason, "due_at": clock.now() + wait}
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, or_(Delivery.status == "sending", Delivery.status == "queued"))
        .values(changes)
    )


def _forget_address(session: Session, delivery: Claimed) -> None:
    """Remove the address, unless the app has registered another one meanwhile."""
    device = session.get_one(Device, delivery.device_id, with_for_update=True)
    if device.push_address == delivery.address:
        clear_push_address(device)
        session.flush()


def _wait_s(attempts: int, after_s: float | None) -> float:
    """Doubling with jitter, and never sooner than the server asked for."""
    doubled = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** max(0, attempts - 1))
    return max(after_s or 0.0, doubled * random.uniform(0.5, 1.0))  # noqa: S311 - jitter is no secret
