"""Who is in a place, how well that is known, and since when nothing was heard.

What is uncertain is shown as uncertain: the last fix may be older than half an hour, the position may be made up,
another phone of the same person may be in another site.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow

FRESH = timedelta(minutes=30)
# How a visit ends that somebody saw end, and how one ends by the clock while the person may be there.
OBSERVED = ("left", "checked_out")
LOST = ("silent", "expired", "account_ended", "device_changed")
_PRESENT = text(
    """
    SELECT v.id, v.person_id, p.name AS person_name, v.place_id, l.kind AS place_kind, l.name AS place_name,
           v.source, v.confidence, v.doubtful, v.entered_at, v.stale_at, v.left_at, v.ended_at, v.end_reason,
           coalesce(seen.sources, ARRAY[v.source]) AS sources,
           least(coalesce(seen.last_at, v.entered_at), v.left_at) AS last_seen_at,
           EXISTS (SELECT FROM visits other JOIN places its ON its.id = other.place_id
                   WHERE other.person_id = v.person_id AND other.left_at IS NULL
                     AND its.site_id <> l.site_id AND other.entered_at > v.entered_at) AS elsewhere
    FROM visits v
    JOIN persons p ON p.id = v.person_id
    JOIN places l ON l.id = v.place_id
    LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT e.source ORDER BY e.source) AS sources,
               max(greatest(e.last_at, d.fixed_at)) AS last_at
        FROM evidence e
        LEFT JOIN device_positions d ON d.device_id = e.device_id AND d.person_id = v.person_id
              AND e.source = 'gps' AND e.ended_at IS NULL
        WHERE e.visit_id = v.id AND (e.ended_at IS NULL OR v.left_at IS NOT NULL)
    ) seen ON true
    WHERE v.place_id IN (SELECT id FROM places WHERE id = ANY(:places) OR (:parts AND site_id = ANY(:places)))
      AND (v.left_at IS NULL
           OR (v.ended_at > :ended_after AND (v.left_at > :left_after OR v.end_reason = ANY(:lost))))
      AND (CAST(:persons AS uuid[]) IS NULL OR v.person_id = ANY(CAST(:persons AS uuid[])))
      AND (CAST(:after AS uuid) IS NULL OR v.id > :after)
    ORDER BY v.id LIMIT :limit
    """
)


@dataclass(frozen=True)
class Sighting:
    """One person's stay in a place as somebody else sees it. `doubts` says why it is not certain."""

    visit: AnyRow
    doubts: tuple[str, ...]

    @property
    def certain(self) -> bool:
        """Whether the person is there, as far as anybody can know."""
        return not self.doubts

    @property
    def left(self) -> bool:
        """Whether the person was seen to leave."""
        return self.visit.left_at is not None and self.visit.end_reason in (*OBSERVED, None)


def sightings(
    session: Session,
    places: Sequence[UUID],
    *,
    parts: bool = False,
    persons: Sequence[UUID] | None = None,
    left_after: datetime | None = None,
    ended_after: datetime | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[Sighting]:
    """Who is in any of the places now (with `parts`, also in the zones of sites); in order of arrival.

    With `ended_after`, also the visits that the server ended since then, if they were left after `left_after` or
    ended by the clock alone.
    """
    at = clock.now()
    rows = session.execute(
        _PRESENT,
        {
            "places": list(places),
            "parts": parts,
            "persons": None if persons is None else list(persons),
            "left_after": left_after or at,
            "ended_after": ended_after or at,
            "lost": list(LOST),
            "after": after,
            "limit": limit,
        },
    ).all()
    return [Sighting(row, _doubts(row, at)) for row in rows]


def wire_sighting(sighting: Sighting) -> dict[str, Any]:
    """A visit with the person's name, the evidence and the doubts."""
    row = sighting.visit
    return {
        "id": str(row.id),
        "person_id": str(row.person_id),
        "place_id": str(row.place_id),
        "place_kind": row.place_kind,
        "place_name": row.place_name,
        "source": row.source,
        "confidence": row.confidence,
        "doubtful": row.doubtful,
        "entered_at": clock.wire(row.entered_at),
        "stale_at": clock.wire_or_none(row.stale_at),
        "left_at": clock.wire_or_none(row.left_at),
        "end_reason": row.end_reason,
        "person": {"id": str(row.person_id), "name": row.person_name},
        "sources": list(row.sources),
        "last_seen_at": clock.wire(row.last_seen_at),
        "certain": sighting.certain,
        "doubts": list(sighting.doubts),
    }


def _doubts(row: AnyRow, at: datetime) -> tuple[str, ...]:
    reasons = {
        "not_seen_lately": row.last_seen_at < at - FRESH,
        "position_doubtful": row.doubtful,
        "seen_elsewhere": row.elsewhere,
        _end_of(row): row.left_at is not None,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def _end_of(row: AnyRow) -> str:
    """Left, or why nobody can say so."""
    return "left" if row.end_reason in (*OBSERVED, None) else row.end_reason
