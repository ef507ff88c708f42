"""How full places are: now, over time, over their limit. Small groups are not shown: they would be persons.

Time is cut at fixed moments, a quarter of an hour apart or a multiple of it, and only what is over is counted: who
could move the cuts as they like could see each person come and go. Where a site shows numbers alone, those of now are
of such a moment, too, and a limit is held against what is told (`geo/presence/windows.py`).
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, Invalid
from geo.models.places import Place
from geo.models.stays import Visit
from geo.presence.counted import Inside, inside_by_step, inside_now
from geo.presence.groups import Groups, groups_of, promised_since
from geo.presence.windows import sites_to_tell, told_now, told_over_time
from journal.catalogue import OCCUPANCY_EXCEEDED, OCCUPANCY_RESTORED
from journal.events import Event, append

MAX_STEPS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LimitTells(Conflict):
    """A limit so low that it would tell of single persons, at a site that shows numbers only."""

    code, title = "limit_tells_persons", "A limit below the smallest group would tell of persons here"


def follow_visit(session: Session, place: Place) -> None:
    """Somebody came or went: hold the limit against it at once, but where the moment would tell of the person."""
    if _has_limit(place) and not groups_of(session, place.site_id).aggregate_only:
        recount(session, place)


def recount(session: Session, place: Place) -> None:
    """Tell the place when it comes to be over its limit, and when it is not any more; without a limit it is not."""
    if not _has_limit(place):
        return
    session.refresh(place, with_for_update={"key_share": True})
    groups = groups_of(session, place.site_id)
    # Where numbers alone are shown, what is not told is over no limit.
    count = (_shown(session, place, groups) or 0) if groups.aggregate_only else _count(session, place.id)
    over = place.occupancy_limit is not None and count > place.occupancy_limit
    if over == (place.over_limit_since is not None):
        return
    place.over_limit_since = clock.now() if over else None
    session.flush()
    payload = {
        "place_id": str(place.id),
        "place_name": place.name,
        "count": _shown(session, place, groups),
        "limit": place.occupancy_limit,
        "at": clock.wire(clock.now()),
    }
    event_type = OCCUPANCY_EXCEEDED if over else OCCUPANCY_RESTORED
    append(
        session,
        place.organisation_id,
        Event(event_type, subject_id=place.id, payload=payload, scope_id=place.id),
    )


def tell_windows(session: Session) -> int:
    """Where numbers alone are shown: tell those of the window that has begun, and hold limits against them.

    Returns how many sites told theirs. Safe to run in several workers at once.
    """
    sites = sites_to_tell(session)
    for site_id in sites:
        told_now(session, site_id)
        for place in _places(session, site_id):
            recount(session, place)
    return len(sites)


def check_limits(session: Session, site_id: UUID) -> None:
    """Raise `LimitTells` where a limit of the site or its zones would tell what the charter keeps back."""
    groups = groups_of(session, site_id)
    low = select(Place.id).where(
        Place.site_id == site_id, Place.archived_at.is_(None), Place.occupancy_limit < groups.smallest
    )
    if groups.aggregate_only and session.scalar(low.limit(1)) is not None:
        raise LimitTells


def occupancy_now(session: Session, site_id: UUID) -> tuple[datetime, list[dict[str, Any]]]:
    """How many are in the site and in each of its zones, and as of when; None where that would show single persons."""
    groups, places = groups_of(session, site_id), _places(session, site_id)
    told: dict[UUID, Any]
    if groups.aggregate_only:
        at, told = told_now(session, site_id)
    else:
        ids = [place.id for place in places]
        at, told = clock.now(), inside_now(session, ids).told(groups, site_id, ids)
    return at, [
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
    session: Session, site_id: UUID, start: datetime, until: datetime, step: timedelta
) -> list[dict[str, Any]]:
    """Persons per place and step of time, for the steps of the grid that are over and in which somebody was there.

    A person with visits to several zones, or to one twice within a step, counts once in each row. Where a site shows
    numbers alone, it is the greatest that was told within the step. Raises `Invalid` for a span the wrong way round or
    of more than `MAX_STEPS`.
    """
    groups = groups_of(session, site_id)
    start, until = _on_grid(start, until, step)
    places = [place.id for place in _places(session, site_id)]
    if groups.aggregate_only:
        rows = told_over_time(session, places, start, until, step)
        return [_wire_step(begins, place_id, count) for begins, place_id, count in rows]
    begun = promised_since(session, site_id)
    return [
        row
        for number, inside in sorted(inside_by_step(session, places, start, until, step).items())
        if start + number * step >= begun
        for row in _rows_of_step(start + number * step, site_id, inside, groups)
    ]


def _rows_of_step(begins: datetime, site_id: UUID, inside: Inside, groups: Groups) -> list[dict[str, Any]]:
    there = sorted(inside.counted)
    told = inside.told(groups, site_id, there)
    return [_wire_step(begins, place_id, told.get(place_id)) for place_id in there]


def _wire_step(begins: datetime, place_id: UUID, count: int | None) -> dict[str, Any]:
    return {"place_id": str(place_id), "from": clock.wire(begins), "count": count}


def _shown(session: Session, place: Place, groups: Groups) -> int | None:
    """The number of those in a place as it may be told at its limit."""
    if groups.aggregate_only:
        return told_now(session, place.site_id)[1].get(place.id)
    makes_a_group = groups.tells(len(inside_now(session, [place.id]).own[place.id]))
    return _count(session, place.id) if makes_a_group else None


def _on_grid(start: datetime, until: datetime, step: timedelta) -> tuple[datetime, datetime]:
    if start >= until:
        raise Invalid.at("/from", "The beginning lies before the end.")
    start -= (start - _EPOCH) % step
    until = min(until, clock.now())
    until -= (until - _EPOCH) % step
    if (until - start) / step > MAX_STEPS:
        raise Invalid.at("/step_minutes", f"At most {MAX_STEPS} steps; take longer ones.")
    return start, until


def _has_limit(place: Place) -> bool:
    return place.occupancy_limit is not None or place.over_limit_since is not None


def _places(session: Session, site_id: UUID) -> list[Place]:
    of_site = select(Place).where(Place.site_id == site_id, Place.archived_at.is_(None))
    return list(session.scalars(of_site.order_by(Place.kind, Place.id)))


def _count(session: Session, place_id: UUID) -> int:
    here = select(func.count()).where(Visit.place_id == place_id, Visit.left_at.is_(None))
    return session.scalar(here) or 0
