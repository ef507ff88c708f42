"""Who scanned again on the same phone, and goes on as somebody else: on a roll call the former one is set aside."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from geo.models.musters import Muster, MusterEntry
from geo.musters import roll
from geo.musters.board import tell_board

_SAID = ("status", "text", "point", "answered_at")
_KNOWN = ("certain", "doubts", "sources", "confidence", "last_seen_at", "left_at")


def set_aside(session: Session, formers: Sequence[UUID], successor_id: UUID) -> None:
    """On running roll calls, expect the successor for the former accounts; what they had answered is its word.

    It is expected also where the newer gate is another place's: that a phone was seen there does not say that its
    person is out of here, and nobody else would be looked for.
    """
    running = (
        select(MusterEntry, Muster)
        .join(Muster, Muster.id == MusterEntry.muster_id)
        .where(MusterEntry.person_id.in_(formers), Muster.ended_at.is_(None))
        .order_by(Muster.id, MusterEntry.person_id)
        .with_for_update(read=True, of=Muster)
    )
    for entry, muster in session.execute(running).all():
        _hand_on(session, muster, entry.person_id, successor_id)


def _hand_on(session: Session, muster: Muster, former_id: UUID, successor_id: UUID) -> None:
    entry = session.get_one(MusterEntry, (muster.id, former_id), with_for_update=True, populate_existing=True)
    successor = roll.put_on(session, muster, successor_id, "added")
    known = (
        () if successor.last_seen_at is not None else _KNOWN
    )  # of one who came to this place they are their own
    for each in (*_SAID, *known):
        setattr(successor, each, getattr(entry, each))
    successor.answered_by = successor_id if entry.answered_by == former_id else entry.answered_by
    session.flush()
    tell_board(session, muster, successor)
    entry.set_aside_at, entry.set_aside_by, entry.set_aside_reason = clock.now(), None, None
    session.flush()
    tell_board(session, muster, entry)
