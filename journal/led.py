"""Whether the journal has its writer, as anybody may ask: does some relay lead, and does it move events?"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from base import clock
from journal.relay import LOCK_KEY

_WAITING = text("SELECT oldest_event_waiting()")
_STANDS_S = 15.0
_IS_LED = text(
    "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()"
    " WHERE locktype = 'advisory' AND classid = :high AND objid = :low AND objsubid = 1 AND granted)"
)


def is_led(session: Session) -> bool:
    """Whether some relay holds the lock; anybody may ask. Where its machine has gone silent, it does for 20 s more."""
    return bool(session.scalar(_IS_LED, {"high": LOCK_KEY >> 32, "low": LOCK_KEY & 0xFFFF_FFFF}))


def waits_s(session: Session) -> float:
    """For how long the oldest event waits for a relay; anybody may ask. 0 where none does.

    An event's id begins with the milliseconds of its writing; `occurred_at` may be what a phone says late.
    """
    event_id: UUID | None = session.scalar(_WAITING)
    return 0.0 if event_id is None else max(0.0, clock.seconds() - (event_id.int >> 80) / 1000)


def complaints(session: Session) -> list[str]:
    """What somebody should look at: nobody leads, or whoever does moves nothing."""
    found = [] if is_led(session) else ["no relay leads"]
    waiting = waits_s(session)
    return found + (
        [f"the oldest event waits for the relay for {waiting:.0f} s"] if waiting > _STANDS_S else []
    )
