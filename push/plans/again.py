"""Planning again what could not be planned: at each start of a worker, since it may be mended, and from time to time.

What is planned late is what its plan makes of it now: what is too late to be told is not told, and whatever is queued
is checked at the sending as ever, so a post that was deleted meanwhile is not shown. Each event is tried in a savepoint
of its own, in the journal's order, and its mark goes in the transaction that queues its deliveries: who is killed in
between leaves both or neither.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.logs import logger
from journal.tail import is_erased, is_unreadable, read_organisation
from push.plans.planner import PLANS
from push.plans.unplanned import Unplanned, due, forget, reason_of, write_down_again

log = logger(__name__)
BATCH = 20


class PlansAgain:
    """The job of one process. What was tried last before the process began is due at once."""

    def __init__(self) -> None:
        self._began: datetime | None = None

    def __call__(self, session: Session) -> int:
        """Try a batch; returns how many."""
        if self._began is None:  # by the clock that the first transaction was held to, as that of the tries
            self._began = clock.now()
        return plan_again(session, self._began)


def plan_again(session: Session, began: datetime) -> int:
    """Try a batch of what was not planned and is due, or was tried last before `began`; returns how many."""
    waiting = due(session, began, BATCH)
    for unplanned in waiting:
        event = _event(session, unplanned)
        if event is None:
            forget(session, unplanned.id)
        else:
            _try(session, event, unplanned.tries + 1)
    return len(waiting)


def _event(session: Session, unplanned: Unplanned) -> AnyRow | None:
    """The event in today's shape; None where it is gone, was emptied, or nothing is planned for its type any more."""
    events = read_organisation(session, unplanned.organisation_id, unplanned.position - 1, 1)
    if not events or events[0].event_id != unplanned.id or events[0].type not in PLANS:
        return None
    return None if is_erased(events[0]) and not is_unreadable(events[0]) else events[0]


def _try(session: Session, event: AnyRow, tries: int) -> None:
    if is_unreadable(event):
        write_down_again(session, event, "not lifted into today's shape", tries)
        return
    try:
        with session.begin_nested():
            forget(session, event.event_id)
            PLANS[event.type].act(session, [event])
    except Exception as error:
        write_down_again(session, event, reason_of(error), tries)
        return
    log.info("event_planned_late", event_id=str(event.event_id), type=event.type, tries=tries)
