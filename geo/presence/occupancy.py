"""How full places are: now, and over time from visits. Small groups are not shown: they would be persons.

Time is cut at fixed moments, a quarter of an hour apart or a multiple of it, and only what is over is counted: who
could move the cuts as they like could see each person come and go.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, Invalid
from geo.models.places import Place
from geo.models.stays import Visit
from geo.presence.groups import Groups, groups_of
from journal.catalogue import OCCUPANCY_EXCEEDED, OCCUPANCY_RESTORED
from journal.events import Event, append

MAX_STEPS = 200
GRID = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LimitTells(Conflict):
    """A limit so low that it would tell of single persons, at a site that shows numbers only."""

    code, title = "limit_tells_persons", "A limit below the smallest group would tell of persons here"


def recount(session: Session, place: Place) -> None:
    """Tell the place when it comes to be over its limit, and when it is not any more; without a limit it is not."""
    if place.occupancy_limit is None and place.over_limit_since is None:
        return
    session.refresh(place, with_for_update={"key_share": True})
    count = _count(session, place.id)
    over = place.occupancy_limit is not None and count > place.occupancy_limit
    if over == (place.over_limit_since is not None):
        return
    place.over_limit_since = clock.now() if over else None
    session.flush()
    payload = {
        "place_id": str(place.id),
        "place_name": place.name,
        "count": groups_of(session, place.site_id).shown(count),
        "limit": place.occupancy_limit,
        "at": clock.wire(clock.now()),
    }
    event_type = OCCUPANCY_EXCEEDED if over else OCCUPANCY_RESTORED
    append(
        session,
        place.organisation_id,
        Event(event_type, subject_id=place.id, payload=payload, scope_id=place.id),
    )


def check_limits(session: Session, site_id: UUID) -> None:
    """Raise `LimitTells` where a limit of the site or its zones would tell what the charter keeps back."""
    groups = groups_of(session, site_id)
    low = select(Place.id).where(
        Place.site_id == site_id, Place.archived_at.is_(None), Place.occupancy_limit < groups.smallest
    )
    if groups.aggregate_only and session.scalar(low.limit(1)) is not None:
        raise LimitTells


def occupancy_now(session: Session, site_id: UUID, groups: Groups) -> list[dict[str, Any]]:
    """How many are in the site and in each of its zones now; None where that would show single persons."""
    places = _places(session, site_id)
    inside: dict[UUID, set[UUID]] = {place.id: set() for place in places}
    here = select(Visit.place_id, Visit.person_id).where(Visit.place_id.in_(inside), Visit.left_at.is_(None))
    for place_id, person_id in session.execute(here):
        inside[place_id].add(person_id)
    told = groups.shown_together(site_id, inside)
    return [
        {
            "place_id": str(place.id),
            "place_kind": place.kind,
            "place_name": place.name,
            "count": told.get(place.id),
            "limit": place.occupancy_limit,
            "over_limit_since": clock.wire_or_none(place.over_limit_since),
        }
        for place in places
    ]


def occupancy_over_time(
    session: Session, site_id: UUID, start: datetime, until: datetime, step: timedelta, groups: Groups
) -> list[dict[str, Any]]:
    """Persons per place and step of time, for the steps of the grid that are over and in which somebody was there.

    A person with visits to several zones, or to one twice within a step, counts once in each row. Raises `Invalid`
    for a span the wrong way round or of more than `MAX_STEPS`.
    """
    start, until = _on_grid(start, until, step)
    places = [place.id for place in _places(session, site_id)]
    rows: list[dict[str, Any]] = []
    for number, inside in sorted(_by_step(session, places, start, until, step).items()):
        begins = clock.wire(start + number * step)
        told = groups.shown_together(site_id, inside)
        for place_id in sorted(inside):
            if place_id in told or not groups.aggregate_only:
                rows.append({"place_id": str(place_id), "from": begins, "count": told.get(place_id)})
    return rows


def _on_grid(start: datetime, until: datetime, step: timedelta) -> tuple[datetime, datetime]:
    if start >= until:
        raise Invalid.at("/from", "The beginning lies before the end.")
    start -= (start - _EPOCH) % step
    until = min(until, clock.now())
    until -= (until - _EPOCH) % step
    if (until - start) / step > MAX_STEPS:
        raise Invalid.at("/step_minutes", f"At most {MAX_STEPS} steps; take longer ones.")
    return start, until


def _by_step(
    session: Session, places: list[UUID], start: datetime, until: datetime, step: timedelta
) -> dict[int, dict[UUID, set[UUID]]]:
    """Who was in each place within each step."""
    found: dict[int, dict[UUID, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    visits = select(Visit.place_id, Visit.person_id, Visit.entered_at, Visit.left_at).where(
        Visit.place_id.in_(places),
        Visit.entered_at < until,
        or_(Visit.left_at.is_(None), Visit.left_at > start),
    )
    for visit in session.execute(visits):
        first = max(visit.entered_at - start, timedelta(0)) // step
        left = min(visit.left_at or until, until)
        for number in range(first, -((start - left) // step)):
            found[number][visit.place_id].add(visit.person_id)
    return found


def _places(session: Session, site_id: UUID) -> list[Place]:
    of_site = select(Place).where(Place.site_id == site_id, Place.archived_at.is_(None))
    return list(session.scalars(of_site.order_by(Place.kind, Place.id)))


def _count(session: Session, place_id: UUID) -> int:
    here = select(func.count()).where(Visit.place_id == place_id, Visit.left_at.is_(None))
    return session.scalar(here) or 0
