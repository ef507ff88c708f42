"""The queue of messages: claimed, and what became of each written down.

A claim is a lease: what a worker took that died is due again when the lease is over. Whose time is over first goes
first, so a code that somebody waits for does not stand behind ten thousand invitations. Of what has gone or was given
up nothing is kept but that it was, through which channel, and how it ended.
"""

import random
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, delete, text, update
from sqlalchemy.orm import Session

from base import clock
from base.rows import rows_written, typed
from people.messages.models import Message
from people.messages.outcomes import Later, Outcome, Refused
from people.messages.queue import Channel

BATCH = 20
# What is not begun `BEGIN_WITHIN_S` after its claim goes back, and one message takes less than the rest of the lease:
# a dozen answers of a server, for each of which ten seconds are waited.
LEASE, BEGIN_WITHIN_S = timedelta(minutes=4), 60.0
KEPT = timedelta(days=30)
_LEAST_PAUSE_S, _FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 5.0, 600.0
_CLAIM = text(
    """
    WITH due AS MATERIALIZED (
        SELECT id FROM messages
        WHERE ended_at IS NULL AND channel = :channel AND due_at <= :now AND expires_at > :now
        ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE messages SET tries = tries + 1, due_at = :leased
    WHERE id = ANY (ARRAY(SELECT id FROM due))
    RETURNING id, template, locale, sealed, tries, expires_at
    """
)


class Claimed(NamedTuple):
    """A message that this worker has for the length of the lease."""

    id: UUID
    template: str
    locale: str
    sealed: str
    tries: int
    expires_at: datetime


def claim(session: Session, channel: Channel) -> list[Claimed]:
    """Take those of a channel that are due, the most urgent first."""
    now = clock.now()
    values = {"channel": channel, "now": now, "leased": now + LEASE, "most": BATCH}
    taken = typed(session.execute(_CLAIM, values), Claimed)
    return sorted(taken, key=lambda claimed: claimed.expires_at)


def record(session: Session, claimed: Claimed, outcome: Outcome) -> None:
    """Write down what became of it, unless another has claimed it since."""
    mine = and_(Message.id == claimed.id, Message.tries == claimed.tries, Message.ended_at.is_(None))
    if isinstance(outcome, Later):
        due_at = min(clock.now() + timedelta(seconds=_pause_s(claimed.tries, outcome)), claimed.expires_at)
        session.execute(update(Message).where(mine).values(due_at=due_at, outcome=outcome.reason))
        return
    became = outcome.reason if isinstance(outcome, Refused) else "sent"
    session.execute(update(Message).where(mine).values(_ended(became)))


def _pause_s(tries: int, outcome: Later) -> float:
    """Twice as long each time; never all at the same moment, and never against the server's own word."""
    if outcome.after_s is not None:
        return max(_LEAST_PAUSE_S, min(outcome.after_s, _LONGEST_PAUSE_S))
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(tries - 1, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def end_expired(session: Session) -> int:
    """Give up those whose time is over, but for what is on its way; returns how many."""
    over = and_(Message.ended_at.is_(None), Message.expires_at <= clock.now(), Message.due_at <= clock.now())
    return rows_written(session, update(Message).where(over).values(_ended("expired")))


def forget_old(session: Session) -> None:
    """Delete what ended a month ago."""
    session.execute(delete(Message).where(Message.ended_at < clock.now() - KEPT))


def _ended(outcome: str) -> dict[str, object]:
    return {"ended_at": clock.now(), "outcome": outcome, "sealed": None}
