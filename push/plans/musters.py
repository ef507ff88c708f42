"""Roll calls: whoever is called is woken at once, whatever they muted."""

from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from push.queue import notify, queue, these
from push.rules import expires_at


def plan_muster(session: Session, event: AnyRow) -> int:
    """A call, or another one, to the person whom the event is addressed to."""
    until = expires_at("muster", event.occurred_at)
    if until <= clock.now():
        return 0
    facts = {
        "type": event.type,
        "muster_id": str(event.subject_id),
        "place_id": event.payload["place_id"],
    }
    note = notify(session, event, "muster", facts, until)
    return queue(session, note, these([event.person_id], "muster"))
