"""Somebody signed in as a person on a device that was not theirs: all their phones say so at once."""

from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from push.plans.deliveries import persons_for
from push.plans.queue import notify, queue
from push.rules import expires_at

_WHY = "sign_in"


def plan_new_sign_in(session: Session, event: AnyRow) -> int:
    """To the person alone, whatever they muted: it may have been somebody else."""
    until = expires_at(_WHY, event.occurred_at)
    if until <= clock.now():
        return 0
    notification = notify(session, event, _WHY, {"type": event.type}, until)
    return queue(session, notification, persons_for([event.person_id], _WHY))
