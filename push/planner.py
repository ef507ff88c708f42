"""From events to notifications: who is to be told of what, worked out when the event is read.

The reader's cursor moves in the transaction that queues the deliveries, so a worker that is killed in between
leaves either both or neither, and the next one goes on. One worker reads at a time; the others find the cursor
locked and leave it to the one that holds it.

A transaction ends with the event that made it long: an announcement to tens of thousands stands alone in its own, and
the senders begin with it at once. An event that cannot be planned is our own mistake: it is logged and left behind, so
that it never stands before everyone else's.
"""

from collections.abc import Callable

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from base.database import AnyRow
from base.logs import logger
from journal.tail import claim_cursor, move_cursor, read_all
from push.plans.alerts import plan_reminder, plan_unanswered
from push.plans.arrivals import plan_arrival, plan_departure, plan_left_scope, plan_new_member
from push.plans.ends import plan_deleted, plan_updated
from push.plans.musters import plan_muster
from push.plans.posts import plan_post

log = logger(__name__)
READER = "push"
_BATCH = 200
_ENOUGH = 1_000  # deliveries in one transaction, after which no other event is begun

_PLANS: dict[str, Callable[[Session, AnyRow], int]] = {
    "post.created": plan_post,
    "post.updated": plan_updated,
    "post.deleted": plan_deleted,
    "alert.reminded": plan_reminder,
    "alert.unanswered": plan_unanswered,
    "visit.started": plan_arrival,
    "visit.ended": plan_departure,
    "membership.started": plan_new_member,
    "membership.ended": plan_left_scope,
    "muster.started": plan_muster,
    "muster.reminded": plan_muster,
}


def plan(session: Session) -> int:
    """Read one stretch of the journal and queue what it calls for; returns how many events were read."""
    seq = claim_cursor(session, READER)
    if seq is None:
        return 0
    read = queued = 0
    for event in read_all(session, seq, _BATCH):
        queued += _plan(session, event)
        read, seq = read + 1, event.seq
        if queued >= _ENOUGH:
            break
    if read:
        move_cursor(session, READER, seq)
    return read


def _plan(session: Session, event: AnyRow) -> int:
    """How many deliveries an event queued."""
    planned = _PLANS.get(event.type)
    if planned is None or event.payload is None:
        return 0
    try:
        with session.begin_nested():
            return planned(session, event)
    except OperationalError:
        raise  # the database is gone, or another transaction came first: all of it is done again
    except Exception as error:
        log.error("event_not_planned", event_id=str(event.event_id), error=type(error).__name__)
        return 0
