"""How full places are: now, and over time from visits. Small groups are not shown: they would be persons."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from base import clock
from geo.models import Place, Visit
from journal.events import Event, append

MAX_STEPS = 200
# A person with visits to several zones, or to one twice within a step, counts once in each row.
_OVER_TIME = text(
    """
    SELECT place_id, step, count(DISTINCT person_id) AS persons
    FROM generate_series(CAST(:start AS timestamptz), CAST(:last AS timestamptz), CAST(:step AS interval)) AS step
    JOIN visits ON entered_at < step + CAST(:step AS interval) AND (left_at IS NULL OR left_at > step)
    WHERE place_id = ANY(:places) AND entered_at < :until AND (left_at IS NULL OR left_at > :start)
    GROUP BY place_id, step ORDER BY step
    """
)


def recount(session: Session, place: Place) -> None:
    """Tell the place when it comes to be over its limit, and when it is not any more."""
    if place.occupancy_limit is None:
        return
    session.refresh(place, with_for_update={"key_share": True})
    count = _counts(session, [place.id]).get(place.id, 0)
    over = count > (place.occupancy_limit or count)
    if over == (place.over_limit_since is not None):
        return
    place.over_limit_since = clock.now() if over else None
    session.flush()
    payload = {
        "place_id": str(place.id),
        "place_name": place.name,
        "count": count,
        "limit": place.occupancy_limit,
        "at": clock.wire(clock.now()),
    }
    kind = "occupancy.exceeded" if over else "occupancy.restored"
    append(
        session,
        place.organisation_id,
        Event(kind, subject_id=place.id, payload=payload, scope_id=place.id),
    )


def occupancy_now(session: Session, site_id: UUID, smallest_group: int) -> list[dict[str, Any]]:
    """How many are in the site and in each of its zones now; None where that would show single persons."""
    places = _places(session, site_id)
    counts = _counts(session, [place.id for place in places])
    return [
        {
            "place_id": str(place.id),
            "place_kind": place.kind,
            "place_name": place.name,
            "count": shown(counts.get(place.id, 0), smallest_group),
            "limit": place.occupancy_limit,
            "over_limit_since": clock.wire_or_none(place.over_limit_since),
        }
        for place in places
    ]


def occupancy_over_time(
    session: Session, site_id: UUID, start: datetime, until: datetime, step: timedelta, smallest_group: int
) -> list[dict[str, Any]]:
    """Persons per place and step of time, for the steps in which somebody was there."""
    places = [place.id for place in _places(session, site_id)]
    rows = session.execute(
        _OVER_TIME,
        {"start": start, "last": until - step, "until": until, "step": step, "places": places},
    )
    return [
        {
            "place_id": str(row.place_id),
            "from": clock.wire(row.step),
            "count": shown(row.persons, smallest_group),
        }
        for row in rows
    ]


def shown(count: int, smallest_group: int) -> int | None:
    """A count as statistics show it: nobody is told of groups so small that they are persons."""
    return count if count == 0 or count >= smallest_group else None


def _places(session: Session, site_id: UUID) -> list[Place]:
    of_site = select(Place).where(Place.site_id == site_id, Place.archived_at.is_(None))
    return list(session.scalars(of_site.order_by(Place.kind, Place.id)))


def _counts(session: Session, places: list[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(Visit.place_id, func.count())
        .where(Visit.place_id.in_(places), Visit.left_at.is_(None))
        .group_by(Visit.place_id)
    )
    return {row[0]: row[1] for row in rows}
