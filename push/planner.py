"""From events to notifications: who is to be told of what, worked out when the event is read.

The reader's cursor moves in the transaction that queues the deliveries, so a worker that is killed in between
leaves either both or neither, and the next one goes on. One worker reads at a time; the others find the cursor
locked and leave it to the one that holds it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import AnyRow
from journal.tail import claim_cursor, move_cursor, read_all
from people.audience import Follower, audience
from people.models import Device, Scope, SignedInSession
from push.models import Delivery, Notification

READER = "push"
TTL = timedelta(hours=24)
MUSTER_TTL = timedelta(hours=1)
_BATCH = 200
_INSERT_ROWS = 1_000


def plan(session: Session) -> int:
    """Read one stretch of the journal and queue what it calls for; returns how many events were read."""
    seq = claim_cursor(session, READER)
    if seq is None:
        return 0
    events, reach = read_all(session, seq, _BATCH), _Reach(session)
    for event in events:
        planner = _PLANNERS.get(event.type)
        if planner is not None and event.payload is not None:
            planner(session, event, reach)
    if events:
        move_cursor(session, READER, events[-1].seq)
    return len(events)


class _Reach:
    """Whom scopes reach now, and on which devices: worked out once a batch. Sending asks again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[UUID, list[tuple[Follower, UUID]]] = {}

    def of(self, scope_id: UUID, organisation_id: UUID) -> list[tuple[Follower, UUID]]:
        """The followers of a scope who have a phone to wake, each with its device."""
        if scope_id not in self._known:
            followers = {one.person_id: one for one in audience(self._session, scope_id, organisation_id)}
            devices = _reachable_devices(self._session, list(followers))
            self._known[scope_id] = [(followers[person_id], device_id) for device_id, person_id in devices]
        return self._known[scope_id]


def _plan_post(session: Session, event: AnyRow, reach: _Reach) -> None:
    """A new post wakes those who follow its scope at level `all`, but its author."""
    if clock.now() - event.occurred_at > TTL:
        return
    devices = [
        (device_id, follower.person_id)
        for follower, device_id in reach.of(event.scope_id, event.organisation_id)
        if _wants(follower, event)
    ]
    if not devices:
        return
    scope = session.get_one(Scope, event.scope_id)
    facts = {
        "type": event.type,
        "post_id": str(event.subject_id),
        "scope_name": scope.name,
        "scope_kind": scope.kind,
        "author_name": event.payload["author"]["name"],
        "text": event.payload["text"],
    }
    _notify(session, event, "message", facts, TTL)
    _queue(session, event, devices, "message", priority=3, ttl=TTL)


def _plan_muster(session: Session, event: AnyRow, _reach: _Reach) -> None:
    """A roll call wakes the person at once, whatever they muted."""
    if clock.now() - event.occurred_at > MUSTER_TTL:
        return
    facts = {
        "type": event.type,
        "muster_id": str(event.subject_id),
        "place_id": event.payload["place_id"],
        "place_name": event.payload["place_name"],
        "message": event.payload["message"],
    }
    _notify(session, event, "muster", facts, MUSTER_TTL)
    devices = _reachable_devices(session, [event.person_id])
    _queue(session, event, devices, "muster", priority=0, ttl=MUSTER_TTL)


def _wants(follower: Follower, event: AnyRow) -> bool:
    return (
        follower.person_id != event.actor_id
        and follower.level == "all"
        and follower.since_id <= event.subject_id
    )


def _reachable_devices(session: Session, persons: Sequence[UUID]) -> Sequence[tuple[UUID, UUID]]:
    """(device, person) of those who are signed in on a device that has an address."""
    if not persons:
        return []
    rows = session.execute(
        select(Device.id, Device.person_id)
        .join(SignedInSession, SignedInSession.device_id == Device.id)
        .where(
            Device.person_id.in_(persons),
            Device.push_address.is_not(None),
            SignedInSession.ended_at.is_(None),
            SignedInSession.expires_at > clock.now(),
        )
    )
    return [(device_id, person_id) for device_id, person_id in rows]


def _notify(session: Session, event: AnyRow, kind: str, facts: dict[str, Any], ttl: timedelta) -> None:
    """Write down what the event has to tell."""
    row = {
        "id": event.event_id,
        "organisation_id": event.organisation_id,
        "kind": kind,
        "scope_id": event.scope_id,
        "subject_id": event.subject_id,
        "actor_id": event.actor_id,
        "position": event.position,
        "facts": facts,
        "expires_at": event.occurred_at + ttl,
    }
    session.execute(insert(Notification).on_conflict_do_nothing(), row)


def _queue(
    session: Session,
    event: AnyRow,
    devices: Sequence[tuple[UUID, UUID]],
    why: str,
    *,
    priority: int,
    ttl: timedelta,
) -> None:
    at: datetime = clock.now()
    rows = [
        {
            "id": ids.new_id(),
            "organisation_id": event.organisation_id,
            "notification_id": event.event_id,
            "person_id": person_id,
            "device_id": device_id,
            "why": why,
            "priority": priority,
            "due_at": at,
            "expires_at": event.occurred_at + ttl,
        }
        for device_id, person_id in devices
    ]
    for start in range(0, len(rows), _INSERT_ROWS):
        session.execute(insert(Delivery).on_conflict_do_nothing(), rows[start : start + _INSERT_ROWS])


_PLANNERS: dict[str, Callable[[Session, AnyRow, _Reach], None]] = {
    "post.created": _plan_post,
    "muster.started": _plan_muster,
    "muster.reminded": _plan_muster,
}
