"""What somebody knows of by now is taken from their other phones; with it goes the number that the badge shows.

It is bounded: the phone that knows is left alone, of the messages of a scope a phone shows one, the newest, and of the
rest the newest few are taken back by push. An app that comes to the front takes down the others itself.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, and_, case, func, not_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from journal.models import NamingPosition
from journal.order import position_of
from people.models import Device
from push.models import Delivery, Notification
from push.plans.withdrawals import withdraw
from social.models import Acknowledgement, Post, reads

MOST = 10  # that one reading takes from a phone
_SHOWN_FOR = timedelta(days=7)


def plan_read(session: Session, event: AnyRow) -> int:
    """A person has read on, on one of their phones: the others take down what they show of it."""
    scope_id, device_id = UUID(event.payload["scope_id"]), event.payload["device_id"]
    shown = select(_shown(scope_id, event.person_id).subquery("shown").c.notification_id)
    reader = None if device_id is None else UUID(device_id)
    return withdraw(session, shown, "read", person_id=event.person_id, but_on=reader)


def plan_acknowledged(session: Session, event: AnyRow) -> int:
    """A person has acknowledged a notice: no phone of theirs shows it any more."""
    of_notice = select(Notification.id).where(Notification.subject_id == event.subject_id)
    on = session.scalar(
        select(Acknowledgement.device_id).where(
            Acknowledgement.post_id == event.subject_id, Acknowledgement.person_id == event.person_id
        )
    )
    return withdraw(session, of_notice, "acknowledged", person_id=event.person_id, but_on=on)


def _shown(scope_id: UUID, person_id: UUID) -> Select[UUID, int]:
    """The notifications of a scope that a person's phones show and that are read, the newest `MOST`."""
    named = select(NamingPosition.position).where(
        NamingPosition.subject_id == Post.id, NamingPosition.person_id == person_id
    )
    told = func.greatest(position_of(Post.id), named.scalar_subquery())
    tag = case((Delivery.why == "message", Notification.scope_id), else_=Notification.subject_id)
    newest = (
        select(Delivery.notification_id, Notification.position)
        .ext(distinct_on(tag))
        .join(Notification, Notification.id == Delivery.notification_id)
        .join(Post, Post.id == Notification.subject_id)
        .join(reads, and_(reads.c.scope_id == Post.scope_id, reads.c.person_id == person_id))
        .where(
            Delivery.device_id.in_(select(Device.id).where(Device.person_id == person_id)),
            Delivery.person_id == person_id,
            Delivery.action == "show",
            Delivery.status.in_(("sending", "sent")),
            Delivery.created_at > clock.now() - _SHOWN_FOR,
            Notification.scope_id == scope_id,
            not_(and_(Delivery.why == "alert", Post.asks_acknowledgement)),
            told <= reads.c.read_to,
        )
        .order_by(tag, Notification.position.desc())
        .subquery("newest")
    )
    return select(newest.c.notification_id, newest.c.position).order_by(newest.c.position.desc()).limit(MOST)
