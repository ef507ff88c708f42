"""From events to notifications: who is to be told of what, worked out when the event is read.

The reader's cursor moves in the transaction that queues the deliveries, so a worker that is killed in between
leaves either both or neither, and the next one goes on. One worker reads at a time; the others find the cursor
locked and leave it to the one that holds it.

A transaction ends with the event that made it long: an announcement to tens of thousands stands alone in its own, and
the senders begin with it at once. A roll call is one event a person; neighbours of one call are planned together, and
so are neighbouring posts of a scope: which, and how many at a time, each plan says itself (`push/plans/plan.py`).

An event that cannot be planned is tried a few times, by itself, then written down (`push/plans/unplanned.py`) and left
behind, so that it never stands before everyone else's; `push/plans/again.py` comes back to it. Where it cannot even be
written down, the database is gone, and all of it is done again.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from base.database import AnyRow
from base.logs import logger
from journal.catalogue import (
    ACKNOWLEDGEMENT_CREATED,
    ALERT_REMINDED,
    ALERT_UNANSWERED,
    MEMBERSHIP_ENDED,
    MEMBERSHIP_STARTED,
    MUSTER_REMINDED,
    MUSTER_STARTED,
    POST_CREATED,
    POST_DELETED,
    POST_UPDATED,
    READ_ADVANCED,
    SIGN_IN_NEW_DEVICE,
    VISIT_ENDED,
    VISIT_STARTED,
)
from journal.tail import claim_cursor, is_erased, is_unreadable, move_cursor, read_all
from push.plans.alerts import plan_reminder, plan_unanswered
from push.plans.arrivals import plan_arrival, plan_departure, plan_left_scope, plan_new_member
from push.plans.ends import plan_deleted, plan_updated
from push.plans.known import plan_acknowledged, plan_read
from push.plans.musters import plan_musters
from push.plans.plan import Plan, each
from push.plans.posts import plan_posts, portions
from push.plans.sign_ins import plan_new_sign_in
from push.plans.unplanned import reason_of, write_down

log = logger(__name__)
READER = "push"
MANY = 200  # events that are read at a time
_TRIES = 3
_ENOUGH = 1_000  # deliveries in one transaction, after which no other event is begun

PLANS: dict[str, Plan] = {
    POST_CREATED.name: Plan(plan_posts, together=lambda event: event.scope_id, portions=portions),
    POST_UPDATED.name: each(plan_updated),
    POST_DELETED.name: each(plan_deleted),
    ALERT_REMINDED.name: each(plan_reminder),
    ALERT_UNANSWERED.name: each(plan_unanswered),
    READ_ADVANCED.name: each(plan_read),
    ACKNOWLEDGEMENT_CREATED.name: each(plan_acknowledged),
    VISIT_STARTED.name: each(plan_arrival),
    VISIT_ENDED.name: each(plan_departure),
    MEMBERSHIP_STARTED.name: each(plan_new_member),
    MEMBERSHIP_ENDED.name: each(plan_left_scope),
    MUSTER_STARTED.name: Plan(plan_musters, together=lambda event: event.subject_id),
    MUSTER_REMINDED.name: Plan(plan_musters, together=lambda event: event.subject_id),
    SIGN_IN_NEW_DEVICE.name: each(plan_new_sign_in),
}


class Planned(NamedTuple):
    """How many events were read, and on how many phones something was queued for them."""

    read: int
    queued: int


def plan(session: Session) -> Planned:
    """Read one stretch of the journal and queue what it calls for."""
    seq = claim_cursor(session, READER)
    if seq is None:
        return Planned(0, 0)
    read = queued = 0
    for events in _neighbours(session, read_all(session, seq, MANY)):
        queued += _plan(session, events)
        read, seq = read + len(events), events[-1].seq
        if queued >= _ENOUGH:
            break
    if read:
        move_cursor(session, READER, seq)
    return Planned(read, queued)


def _neighbours(session: Session, events: Sequence[AnyRow]) -> Iterator[Sequence[AnyRow]]:
    """The events in their order, those together that are planned together."""
    for _, group in groupby(events, _together):
        neighbours = list(group)
        plan = PLANS.get(neighbours[0].type)
        yield from [neighbours] if plan is None else plan.portions(session, neighbours)


def _together(event: AnyRow) -> tuple[Any, ...]:
    plan = PLANS.get(event.type)
    return event.type, event.organisation_id, None if plan is None else plan.together(event)


def _plan(session: Session, events: Sequence[AnyRow]) -> int:
    """How many deliveries neighbours queued."""
    if (plan := PLANS.get(events[0].type)) is None:
        return 0
    for event in filter(is_unreadable, events):
        write_down(session, event, "not lifted into today's shape")
    kept = [event for event in events if not is_erased(event)]
    if not kept:
        return 0
    failed = ""
    for _ in range(_TRIES):
        try:
            with session.begin_nested():
                return plan.act(session, kept)
        except Exception as error:
            failed = reason_of(error)
            log.warning(
                "event_not_planned_yet", event_id=str(kept[0].event_id), type=kept[0].type, error=failed
            )
    if len(kept) > 1:
        return sum(_plan(session, [event]) for event in kept)
    write_down(session, kept[0], failed)
    return 0
