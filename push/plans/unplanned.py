"""Events that could not be planned: kept until they can be, and told to operators meanwhile.

Each is a notification of the kind `unplanned`, which nobody is shown: its facts say of which type it is, what failed
where in the code, how often it was tried and when it is tried again. No message of an error is kept, since it may quote
what people said. Planned at last, the notification gives way to the proper one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, literal_column, select, text, update
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.logs import logger
from base.rows import typed
from push.models import Notification
from push.plans.queue import notify

log = logger(__name__)
UNPLANNED = "unplanned"
_ROOT = Path(__file__).resolve().parents[2]
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
_DUE = text(
    """
    SELECT id, organisation_id, position, CAST(coalesce(facts ->> 'tries', '1') AS int) AS tries FROM notifications
    WHERE kind = 'unplanned' AND position IS NOT NULL AND (
        coalesce(CAST(facts ->> 'again_at' AS timestamptz), created_at) <= :now
        OR coalesce(CAST(facts ->> 'tried_at' AS timestamptz), created_at) < :began)
    ORDER BY position LIMIT :most FOR UPDATE SKIP LOCKED
    """
)


class Unplanned(NamedTuple):
    """An event that waits for being planned again."""

    id: UUID
    organisation_id: UUID
    position: int
    tries: int


def reason_of(error: Exception) -> str:
    """What failed and where: the kind of the error, and the last line of ours that it came through."""
    ours = [frame for frame in extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    if not ours:
        return type(error).__name__
    path = Path(ours[-1].filename).resolve()
    where = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path.name
    return f"{type(error).__name__} at {where}:{ours[-1].lineno} in {ours[-1].name}"


def write_down(session: Session, event: AnyRow, reason: str) -> None:
    """Keep an event that could not be planned, and say so."""
    _say(event, reason, tries=1)
    notify(session, event, UNPLANNED, _facts(event, reason, tries=1), clock.now())


def write_down_again(session: Session, event: AnyRow, reason: str, tries: int) -> None:
    """It could not be planned this time either: the next try is later."""
    _say(event, reason, tries)
    kept = update(Notification).where(Notification.id == event.event_id, Notification.kind == UNPLANNED)
    session.execute(kept.values(facts=_facts(event, reason, tries)))


def due(session: Session, began: datetime, most: int) -> Sequence[Unplanned]:
    """What is to be tried now, in the order of its events: after its wait, or because the process `began` since then.

    It stays locked until the transaction ends, and another process passes it over.
    """
    values = {"now": clock.now(), "began": began, "most": most}
    return typed(session.execute(_DUE, values), Unplanned)


def waiting_before(session: Session, organisation_id: UUID, position: int) -> int:
    """How many of an organisation's events up to a position wait for being planned."""
    waiting = select(func.count()).where(
        Notification.kind == literal_column("'unplanned'"),
        Notification.organisation_id == organisation_id,
        Notification.position <= position,
    )
    return session.scalar(waiting) or 0


def forget(session: Session, id: UUID) -> None:
    """It waits no more: it is being planned, or there is nothing left to plan."""
    session.execute(delete(Notification).where(Notification.id == id, Notification.kind == UNPLANNED))


def _facts(event: AnyRow, reason: str, tries: int) -> dict[str, Any]:
    now = clock.now()
    again_at = now + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(tries - 1, 20))
    tried = {"tries": tries, "tried_at": clock.wire(now), "again_at": clock.wire(again_at)}
    return {"type": event.type, "error": reason} | tried


def _say(event: AnyRow, reason: str, tries: int) -> None:
    log.error(
        "event_not_planned",
        event_id=str(event.event_id),
        type=event.type,
        organisation_id=str(event.organisation_id),
        position=event.position,
        error=reason,
        tries=tries,
    )
