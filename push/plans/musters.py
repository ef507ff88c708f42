"""Roll calls: whoever is called is woken at once, whatever they muted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from push.plans.queue import NewNotification, new_notification, notify_each, queue_each
from push.rules import expires_at


def plan_musters(session: Session, events: Sequence[AnyRow]) -> int:
    """A call, or another one, each to the person whom its event is addressed to."""
    now = clock.now()
    timely = [event for event in events if _until(event) > now]
    notifications = notify_each(session, [_notification(event) for event in timely])
    return queue_each(session, notifications, [event.person_id for event in timely], "muster")


def _notification(event: AnyRow) -> NewNotification:
    place_id, muster_id = event.payload["place_id"], str(event.subject_id)
    facts = {"type": event.type, "muster_id": muster_id, "place_id": place_id}
    return new_notification(event, "muster", facts, _until(event))


def _until(event: AnyRow) -> datetime:
    return expires_at("muster", event.occurred_at)
