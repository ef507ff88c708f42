"""Dropping the months of the journal that are not kept any longer.

In one transaction each organisation gets a signed checkpoint where its journal was cut, and the months go. The chain is
checked up to there before: a checkpoint vouches for what it stands for. Nothing is written into a month that has been
over for a day, so nobody waits while that is done; the dropping itself waits for who reads the journal just then, a few
seconds at most, and gives up if that is not enough.

Two relays' clocks may differ at midnight: an event in the month after may have a position before the cut. Positions
decide, so it goes with the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from base import clock
from journal.chain import organisations, walk
from journal.checkpoints import Seal, checkpoints, fault_of
from journal.models import JournalCheckpoint

_LOCK_TIMEOUT = "5s"
_OVER_FOR = timedelta(days=1)
_BEGIN = text(
    f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'; LOCK TABLE journal_checkpoints IN SHARE ROW EXCLUSIVE MODE"
)
_MONTHS = text(
    """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = CAST('journal' AS regclass) AND c.relname < :first_kept ORDER BY 1
    """
)
_CUTS = text(
    """
    SELECT organisation_id, max(position) AS position FROM journal
    WHERE recorded_at < :before GROUP BY organisation_id ORDER BY organisation_id
    """
)
_GOES = """
    FROM journal j JOIN unnest(CAST(:organisations AS uuid[]), CAST(:positions AS bigint[]))
        AS cut (organisation_id, position) ON j.organisation_id = cut.organisation_id AND j.position <= cut.position
"""
_NEWEST = text(f"SELECT coalesce(max(j.seq), 0) {_GOES}")
_UNDER_A_RULE = text(f"SELECT count(*) {_GOES} WHERE j.about_id IS NOT NULL")
_BEHIND = text("SELECT reader FROM journal_cursors WHERE seq < :newest ORDER BY reader")
_STRAGGLERS = text(
    """
    DELETE FROM journal USING unnest(CAST(:organisations AS uuid[]), CAST(:positions AS bigint[]))
        AS cut (organisation_id, position)
    WHERE journal.recorded_at >= :before AND journal.organisation_id = cut.organisation_id
        AND journal.position <= cut.position
    """
)
# Its first row behind a position; where there is none, its head, if that is further on.
_FIRST = text(
    """
    (SELECT position, hash, recorded_at FROM journal
        WHERE organisation_id = :organisation AND position > :reached ORDER BY position LIMIT 1)
    UNION ALL
    SELECT position, hash, now() FROM journal_heads h WHERE organisation_id = :organisation AND position > :reached
        AND NOT EXISTS (SELECT FROM journal j WHERE j.organisation_id = h.organisation_id AND j.position > :reached)
    """
)


class StillNeeded(Exception):
    """Some of it may not be dropped yet; the text says why."""


@dataclass(frozen=True)
class Cut:
    """Up to which position an organisation's events go."""

    organisation_id: UUID
    position: int


def cuts(session: Session, before: datetime) -> Sequence[Cut]:
    """Where the journals would be cut if the months before one were dropped; for the owner's role.

    Raises `StillNeeded` where a month is not over for a day, a reader has not come past it, or it holds what a rule
    keeps. Until the transaction ends, nobody else can drop anything.
    """
    session.execute(_BEGIN)
    over = (clock.now() - _OVER_FOR).astimezone(UTC)
    if before > over.replace(day=1, hour=0, minute=0, second=0, microsecond=0):
        raise StillNeeded(f"The month before {before:%Y-%m} is not over for a day yet.")
    found = [Cut(row.organisation_id, row.position) for row in session.execute(_CUTS, {"before": before})]
    newest = session.scalar(_NEWEST, _arrays(found))
    if behind := session.scalars(_BEHIND, {"newest": newest}).all():
        raise StillNeeded(f"Not read to its end yet by: {', '.join(behind)}.")
    if ruled := session.scalar(_UNDER_A_RULE, _arrays(found)):
        raise StillNeeded(
            f"{ruled} events tell who was in a place, and are kept for the days that its charter says."
        )
    return found


def drop(session: Session, before: datetime, found: Sequence[Cut], seal: Seal) -> Sequence[str]:
    """Drop the months before one, and leave the checkpoints; returns the names of the dropped partitions.

    Raises `StillNeeded` where a chain does not verify: then what is there is needed to find out why.
    """
    for cut in found:
        session.add(_checkpoint(session, cut, before, seal))
    session.flush()
    session.execute(_STRAGGLERS, {**_arrays(found), "before": before})
    months = session.scalars(_MONTHS, {"first_kept": f"journal_{before:%Y_%m}"}).all()
    for month in months:
        session.execute(text(f'DROP TABLE "{month}"'))
    return months


def vouch_for_gaps(session: Session, seal: Seal) -> Sequence[Cut]:
    """Leave a checkpoint where a journal's beginning is gone without one: months were dropped by hand.

    Nothing proves that they were not taken; who asks for this vouches for it. The first row that is there is believed,
    and the chain goes on from it. A row that is missing further on stays missing. For the owner's role.
    """
    session.execute(_BEGIN)
    vouched = list[Cut]()
    for organisation_id in organisations(session):
        earlier = checkpoints(session, organisation_id)
        reached = earlier[-1].position if earlier else 0
        first = session.execute(_FIRST, {"organisation": organisation_id, "reached": reached}).one_or_none()
        if first is None or first.position == reached + 1 or fault_of(earlier, seal) is not None:
            continue
        cut = Cut(organisation_id, first.position)
        session.add(_signed(cut, bytes(first.hash), earlier, first.recorded_at, seal))
        vouched.append(cut)
    session.flush()
    return vouched


def _checkpoint(session: Session, cut: Cut, before: datetime, seal: Seal) -> JournalCheckpoint:
    earlier = checkpoints(session, cut.organisation_id)
    walked = walk(session, cut.organisation_id, earlier, until=cut.position)
    if fault := fault_of(earlier, seal) or walked.fault:
        raise StillNeeded(f"The journal of {cut.organisation_id} is not sound: {fault}.")
    return _signed(cut, walked.hash, earlier, before, seal)


def _signed(
    cut: Cut, hash_: bytes, earlier: Sequence[JournalCheckpoint], before: datetime, seal: Seal
) -> JournalCheckpoint:
    made = JournalCheckpoint(
        organisation_id=cut.organisation_id,
        position=cut.position,
        hash=hash_,
        events=cut.position - (earlier[-1].position if earlier else 0),
        dropped_before=before,
        made_at=clock.now(),
    )
    seal.sign(made)
    return made


def _arrays(found: Sequence[Cut]) -> dict[str, list[UUID] | list[int]]:
    return {
        "organisations": [cut.organisation_id for cut in found],
        "positions": [cut.position for cut in found],
    }
