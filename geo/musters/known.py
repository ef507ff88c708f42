"""What is known of each person that a roll call is about, worked out anew from their visits.

Only what was observed counts as leaving: the phone was seen to go, or somebody checked out. A visit that ended by the
clock (a code that held for eight hours, a phone without a sign of life, an account or a device that changed) says that
sight of the person was lost, and they may well be there: they are expected for an hour longer, as uncertain. Whoever
scanned a gate again on the same phone is expected as who they are since then, and not as who they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo.models.musters import Muster
from geo.presence.sightings import Sighting, sightings

# How the visits end of a visitor whose installation opened a newer account (`geo/stays/gate.py`).
REPLACED = "account_replaced"
LOST_WITHIN = timedelta(hours=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """One person's stay in the place of a roll call and its parts: the best of what is known."""

    there: bool
    certain: bool
    doubts: list[str]
    sources: list[str]
    confidence: int
    last_seen_at: datetime
    left_at: datetime | None

    def columns(self) -> dict[str, Any]:
        """As an entry keeps it."""
        return {
            "certain": self.certain,
            "doubts": self.doubts,
            "sources": self.sources,
            "confidence": self.confidence,
            "last_seen_at": self.last_seen_at,
            "left_at": self.left_at,
        }


def expected(session: Session, muster: Muster) -> dict[UUID, Known]:
    """Whom to expect at the start: who is there, who left a short time ago, and who went out of sight."""
    left_after = muster.started_at - timedelta(minutes=muster.left_within_minutes)
    return _known(session, muster, None, left_after)


def knowledge(session: Session, muster: Muster, persons: Sequence[UUID] | None = None) -> dict[UUID, Known]:
    """What is known now of these persons, or of all who were there since an hour before the start."""
    return _known(session, muster, persons, _EVER)


def _known(
    session: Session, muster: Muster, persons: Sequence[UUID] | None, left_after: datetime
) -> dict[UUID, Known]:
    seen = sightings(
        session,
        muster.place_ids,
        parts=True,
        persons=persons,
        left_after=left_after,
        ended_after=muster.started_at - LOST_WITHIN,
    )
    by_person: dict[UUID, list[Sighting]] = {}
    for sighting in seen:
        if sighting.visit.end_reason == REPLACED:
            continue
        by_person.setdefault(sighting.visit.person_id, []).append(sighting)
    return {person_id: _best(stays) for person_id, stays in sorted(by_person.items())}


def _best(stays: list[Sighting]) -> Known:
    """Of the stays that last, or else of the one that ended last."""
    there = [stay for stay in stays if stay.visit.left_at is None]
    last = max(stays, key=lambda stay: (stay.visit.left_at is None, stay.visit.ended_at or _EVER))
    known = there or [last]
    certain = any(stay.certain for stay in known)
    return Known(
        there=bool(there),
        certain=certain,
        doubts=[] if certain else sorted({doubt for stay in known for doubt in stay.doubts}),
        sources=sorted({source for stay in known for source in stay.visit.sources}),
        confidence=max(stay.visit.confidence for stay in known),
        last_seen_at=max(stay.visit.last_seen_at for stay in known),
        left_at=last.visit.left_at if last.left else None,
    )
