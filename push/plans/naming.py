"""An edit that names somebody tells them, once; one that names them no longer takes that back."""

from uuid import UUID

from sqlalchemy import Text, Uuid, literal, not_, select, update
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from journal.models import NamingPosition
from journal.order import told_after
from people.audience import audience_of
from people.models import Scope
from push.models import Delivery, Notification
from push.plans.deliveries import at_their_level
from push.plans.posts import facts_of
from push.plans.queue import notify, queue
from push.plans.withdrawals import withdraw
from push.rules import expires_at
from social.models import Mention
from social.posts import ORDINARY

_MENTION = literal("mention", Text)


def plan_named(session: Session, event: AnyRow) -> int:
    """Those whom this edit was the first to name, and who are named still. Everybody heard of a notice before, and of a
    direct message."""
    named = _first_named(session, event)
    until = expires_at("mention", event.occurred_at)
    if not named or until <= clock.now() or event.payload.get("kind", ORDINARY) != ORDINARY:
        return 0
    if session.scalar(select(Scope.kind).where(Scope.id == event.scope_id)) == "direct":
        return 0
    _drop_waiting(session, event, named)
    notification = notify(session, event, "message", facts_of(event), until)
    whom = audience_of(event.scope_id, event.organisation_id, among=named).subquery("audience")
    recipients = select(whom.c.person_id, _MENTION.label("why")).where(
        whom.c.person_id != event.actor_id,
        told_after(literal(event.subject_id, Uuid), whom.c.since),
        at_their_level(whom, _MENTION),
    )
    return queue(session, notification, recipients)


def plan_named_no_longer(session: Session, event: AnyRow) -> int:
    """Those to whom a phone says that the post names them, though it does no more."""
    named = select(Mention.person_id).where(Mention.post_id == event.subject_id)
    told = (
        select(Delivery.person_id)
        .join(Notification, Notification.id == Delivery.notification_id)
        .where(
            Notification.subject_id == event.subject_id, Delivery.action == "show", Delivery.why == "mention"
        )
        .where(not_(Delivery.person_id.in_(named)))
        .distinct()
    )
    of_post = select(Notification.id).where(Notification.subject_id == event.subject_id)
    return sum(
        withdraw(session, of_post, "no_longer_named", person_id=person_id, why="mention")
        for person_id in session.scalars(told).all()
    )


def _first_named(session: Session, event: AnyRow) -> list[UUID]:
    mentioned = select(NamingPosition.person_id).join(
        Mention,
        (Mention.post_id == NamingPosition.subject_id) & (Mention.person_id == NamingPosition.person_id),
    )
    here = (NamingPosition.subject_id == event.subject_id, NamingPosition.position == event.position)
    return list(session.scalars(mentioned.where(*here)))


def _drop_waiting(session: Session, event: AnyRow, named: list[UUID]) -> None:
    """The post itself, where it is only queued for them: they are told once."""
    of_post = select(Notification.id).where(Notification.subject_id == event.subject_id)
    waiting = update(Delivery).where(
        Delivery.notification_id.in_(of_post),
        Delivery.person_id.in_(named),
        Delivery.action == "show",
        Delivery.status == "queued",
    )
    dropped = waiting.values(status="dropped", reason="named_since")
    session.execute(dropped, execution_options={"synchronize_session": False})
