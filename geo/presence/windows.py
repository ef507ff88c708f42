"""Numbers of a site that shows numbers alone: told once for each window of time, and the same to everybody.

They are of the window's first moment, worked out once and kept as they were told. So neither the moment of asking nor
anything that is learned, done or deleted afterwards moves them: no two answers to one question differ by a person.

A place that was drawn anew beside numbers that had been told is told no number for a day: else a boundary that leaves
out one desk would count who sits there.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from geo.models.places import Place
from geo.models.privacy import Charter, ToldCount
from geo.presence.counted import inside_then, window_of_time
from geo.presence.groups import NOTICE, Groups, groups_of

_REDRAWN = text(
    """
    SELECT DISTINCT b.place_id FROM boundary_versions b
    WHERE b.place_id = ANY (:places) AND b.valid_from > :at - CAST(:notice AS interval)
        AND EXISTS (SELECT FROM told_counts t WHERE t.place_id = ANY (:places)
                    AND t.at < b.valid_from AND t.count IS NOT NULL)
    """
).bindparams(bindparam("places", type_=ARRAY(Uuid)))


def told_now(session: Session, site_id: UUID) -> tuple[datetime, dict[UUID, int | None]]:
    """The present window's beginning, and the numbers that are told of it; a place without one has none to tell."""
    at = window_of_time(clock.now())
    told = _told_at(session, site_id, at)
    if site_id not in told:
        _tell(session, site_id, at)
        told = _told_at(session, site_id, at)
    return at, told


def told_over_time(
    session: Session, places: Sequence[UUID], start: datetime, until: datetime, step: timedelta
) -> list[tuple[datetime, UUID, int]]:
    """Of each step and place, the greatest number that was told in it."""
    rows = session.execute(
        select(ToldCount.at, ToldCount.place_id, ToldCount.count).where(
            ToldCount.place_id.in_(places),
            ToldCount.at >= start,
            ToldCount.at < until,
            ToldCount.count.is_not(None),
        )
    )
    greatest: dict[tuple[datetime, UUID], int] = {}
    for at, place_id, count in rows:
        key = (start + (at - start) // step * step, place_id)
        greatest[key] = max(count or 0, greatest.get(key, 0))
    return [(begins, place_id, count) for (begins, place_id), count in sorted(greatest.items())]


def sites_to_tell(session: Session) -> list[UUID]:
    """The sites that show numbers alone and have not told those of the present window."""
    at = window_of_time(clock.now())
    told = select(ToldCount.place_id).where(ToldCount.place_id == Charter.site_id, ToldCount.at == at)
    lately = Charter.loosened_at > clock.now() - NOTICE
    sites = (
        select(Charter.site_id)
        .join(Place, Place.id == Charter.site_id)
        .where(Place.archived_at.is_(None), Charter.aggregate_only | lately, ~told.exists())
        .order_by(Charter.site_id)
    )
    return [site_id for site_id in session.scalars(sites) if groups_of(session, site_id).aggregate_only]


def _tell(session: Session, site_id: UUID, at: datetime) -> None:
    """Work out the numbers of a window; who comes second finds them there."""
    of_site = select(Place).where(Place.site_id == site_id, Place.archived_at.is_(None)).order_by(Place.id)
    places = list(session.scalars(of_site))
    told = _work_out(session, site_id, [place.id for place in places], at, groups_of(session, site_id))
    rows = [
        {
            "place_id": place.id,
            "at": at,
            "organisation_id": place.organisation_id,
            "count": told.get(place.id),
        }
        for place in places
    ]
    if rows:
        session.execute(insert(ToldCount).values(rows).on_conflict_do_nothing())


def _work_out(
    session: Session, site_id: UUID, places: list[UUID], at: datetime, groups: Groups
) -> dict[UUID, int]:
    asked = {"places": places, "at": at, "notice": NOTICE}
    redrawn = set(session.scalars(_REDRAWN, asked))
    settled = [place_id for place_id in places if place_id not in redrawn]
    return inside_then(session, settled, at).told(groups, site_id, settled)


def _told_at(session: Session, site_id: UUID, at: datetime) -> dict[UUID, int | None]:
    rows = session.execute(
        select(ToldCount.place_id, ToldCount.count)
        .join(Place, Place.id == ToldCount.place_id)
        .where(Place.site_id == site_id, ToldCount.at == at)
    )
    return {place_id: number for place_id, number in rows}  # noqa: C416 - rows have no type that dict knows
