"""Roll calls: whoever is called is woken at once, whatever they muted."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from push.plans.queue import notify_each, queue_each
from push.rules import expires_at


def plan_musters(session: Session, events: Sequence[AnyRow]) -> int:
    """A call, or another one, each to the person whom its event is addressed to."""
    now = clock.now()
    calls = [(event, expires_at("muster", event.occurred_at)) for event in events]
    timely = [(event, "muster", _facts(event), until) for event, until in calls if until > now]
    notes = notify_each(session, timely)
    called = [event.person_id for event, *_ in timely]
    return queue_each(session, list(zip(called, notes, strict=True)), "muster")


def _facts(event: AnyRow) -> dict[str, str]:
    return {
        "type": event.type,
        "muster_id": str(event.subject_id),
        "place_id": event.payload["place_id"],
    }
