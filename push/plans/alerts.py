"""Alerts that ask for acknowledgement: told again to the silent, and at last to the managers."""

from uuid import UUID

from sqlalchemy import Text, Uuid, exists, literal, select
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from journal.order import told_after
from people.audience import audience_of
from push.plans.deliveries import persons_for
from push.plans.posts import facts_of
from push.plans.queue import notify, queue
from push.rules import expires_at
from social.models import Acknowledgement


def plan_reminder(session: Session, event: AnyRow) -> int:
    """Once more to those whom the alert reaches and who have not acknowledged it."""
    post = event.payload["post"]
    until = expires_at("alert", event.occurred_at, clock.read_or_none(post["valid_until"]))
    if until <= clock.now():
        return 0
    again = {"round": event.payload["round"], "of": event.payload["of"]}
    notification = notify(session, event, "alert", facts_of(event) | again, until)
    whom = audience_of(event.scope_id, event.organisation_id).subquery("audience")
    acknowledged = exists().where(
        Acknowledgement.post_id == event.subject_id, Acknowledgement.person_id == whom.c.person_id
    )
    silent = select(whom.c.person_id, literal("alert", Text).label("why")).where(
        whom.c.person_id != UUID(post["author"]["id"]),
        told_after(literal(event.subject_id, Uuid), whom.c.since),
        ~acknowledged,
    )
    return queue(session, notification, silent)


def plan_unanswered(session: Session, event: AnyRow) -> int:
    """To one manager: so many are silent. Who they are is for the app to fetch."""
    until = expires_at("alert", event.occurred_at)
    if until <= clock.now():
        return 0
    facts = facts_of(event) | {"silent_count": event.payload["silent_count"]}
    notification = notify(session, event, "unanswered", facts, until)
    return queue(session, notification, persons_for([event.person_id], "alert"))
