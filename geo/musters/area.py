"""Which places a roll call is about: a site with all of its zones, or a zone with those within it.

Somebody who scanned a door on the third floor is in the building, whether or not a fix ever said so.
"""

from uuid import UUID

from geoalchemy2 import Geography, Geometry
from sqlalchemy import ColumnElement, and_, cast, func, or_, select, true
from sqlalchemy.orm import Session

from geo.models.places import Place

# Rooms and buildings are drawn by different hands, and a wall is thicker than this.
_TOLERANCE_M = 1.0


def places_of(session: Session, place: Place) -> list[UUID]:
    """The site itself, which stands for its zones, or the zone and the zones that it covers."""
    if place.kind == "site":
        return [place.id]
    boundary = select(Place.boundary).where(Place.id == place.id).scalar_subquery()
    wider = cast(func.ST_Buffer(cast(boundary, Geography), _TOLERANCE_M), Geometry)
    within = select(Place.id).where(
        Place.site_id == place.site_id,
        Place.kind == "zone",
        Place.id != place.id,
        Place.archived_at.is_(None),
        _floors_agree(place),
        or_(func.ST_Covers(boundary, Place.boundary), func.ST_Covers(wider, Place.boundary)),
    )
    return [place.id, *session.scalars(within.order_by(Place.id))]


def lock_places(session: Session, place_ids: list[UUID]) -> None:
    """Hold the places, and with a site its zones: visits cannot begin there until the roll call is there."""
    held = select(Place.id).where(Place.id.in_(place_ids) | Place.site_id.in_(place_ids))
    session.execute(held.order_by(Place.id).with_for_update())


def _floors_agree(place: Place) -> ColumnElement[bool]:
    """Not on floors that the place does not have; what spans all floors is on every one."""
    if place.floor_low is None:
        return true()
    return or_(
        Place.floor_low.is_(None),
        and_(Place.floor_low <= place.floor_high, Place.floor_high >= place.floor_low),
    )
