"""Which circles a phone should watch now: iOS gives an app 20, Android 100, and the world has more places.

The places one is in come first, then the nearest. The last circle is drawn around the phone itself and reaches to
the nearest place that found no room: whoever leaves it asks again. A zone whose circle lies within its site's waits
until one is near the site; until then the site's circle says all that is to be known.

Polling is cheap: the version of an answer says which places it has, and within which refresh circle it is good. While
the phone is inside that circle and would get the same places, it is told that nothing changed.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from base.errors import Invalid
from geo.engine.circles import Circle
from geo.lookup.outlines import Form, present_outlines
from geo.models.places import SRID, Place
from geo.models.stays import DevicePosition, Visit
from people.actor import Actor
from people.audience import known_of

NEAR_SITE_M = 300.0
LEAST_REFRESH_M, MOST_REFRESH_M = 100.0, 50_000.0
_METRES_A_DEGREE = 111_320.0
_CIRCLES_KEPT = 20_000
_circles: dict[tuple[UUID, int], Circle] = {}


@dataclass(frozen=True)
class Region:
    """A place with its circle. `metres` from the phone to the circle's edge, negative inside it."""

    place: Place
    circle: Circle
    metres: float
    inside: bool


def regions_for(
    session: Session,
    actor: Actor,
    at: tuple[float, float] | None,
    limit: int,
    *,
    boundaries: bool = False,
    known: str | None = None,
) -> dict[str, Any] | None:
    """The circles to watch from a point (lon, lat), or from the device's last position; raises `Invalid`.

    None when the answer of the version `known` is still good here.
    """
    lon, lat = at or _last_position(session, actor)
    inside = set(
        session.scalars(
            select(Visit.place_id).where(Visit.person_id == actor.person_id, Visit.left_at.is_(None))
        )
    )
    places, horizon = _nearest(session, actor, lon, lat, limit, inside)
    circles = _circles_of(session, places)
    watched = [
        Region(place, circle, circle.metres_to(lon, lat), place.id in inside)
        for place, circle in zip(places, circles, strict=True)
    ]
    chosen, left_out = choose(watched, limit - 1)
    regions = [_wire_region(one) for one in chosen]
    places = _digest([(region, one.place.version) for region, one in zip(regions, chosen, strict=True)])
    if known is not None and _still_good(known, places, lon, lat):
        return None
    if boundaries:
        _add_outlines(session, regions, [one.place.id for one in chosen])
    refresh = Circle(lon, lat, _refresh_radius(left_out, horizon))
    around = _wire_circle(refresh) | {"id": "refresh", "notify_on": ["exit"]}
    return {"version": _version(places, refresh), "regions": regions, "refresh": around}


def choose(watched: Sequence[Region], limit: int) -> tuple[list[Region], list[Region]]:
    """The places to watch, those one is in first, then the nearest; and those that found no room."""
    sites = {one.place.id: one for one in watched if one.place.kind == "site"}
    due = [one for one in watched if not _waits(one, sites)]
    due.sort(key=lambda one: (not one.inside, one.metres, one.place.id))
    return due[:limit], due[limit:]


def _waits(zone: Region, sites: Mapping[UUID, Region]) -> bool:
    """Whether a zone's circle says nothing yet: it lies within its site's, and the site is not near."""
    site = sites.get(zone.place.site_id)
    if zone.inside or zone.place.kind == "site" or site is None:
        return False
    return site.metres > NEAR_SITE_M and site.circle.holds(zone.circle)


def _refresh_radius(left_out: Sequence[Region], horizon: float) -> float:
    nearest = min((one.metres for one in left_out), default=horizon)
    return min(max(min(nearest, horizon), LEAST_REFRESH_M), MOST_REFRESH_M)


def _nearest(
    session: Session, actor: Actor, lon: float, lat: float, limit: int, inside: set[UUID]
) -> tuple[list[Place], float]:
    """The nearest places that matter to the actor, and how far one may be sure to have seen all, in metres."""
    known = known_of(actor).subquery("known")
    mattering = select(Place).join(known, known.c.scope_id == Place.id).where(Place.archived_at.is_(None))
    places: dict[UUID, Place] = {}
    horizon = MOST_REFRESH_M
    for seen_from in _both_sides(lon, lat):
        near, sure = _nearest_in_degrees(session, mattering, seen_from, lat, limit * 3 + 50)
        places |= {place.id: place for place in near}
        horizon = min(horizon, sure)
    also = (inside | {place.site_id for place in places.values()}) - places.keys()
    for place in session.scalars(mattering.where(Place.id.in_(also))):
        places[place.id] = place
    return list(places.values()), horizon


def _both_sides(lon: float, lat: float) -> list[float]:
    """The longitudes from which the index has to be asked: near the antimeridian also from the other side's."""
    reach = MOST_REFRESH_M / (_METRES_A_DEGREE * max(math.cos(math.radians(lat)), 1e-3))
    return [lon] if 180.0 - abs(lon) > reach else [lon, lon - math.copysign(360.0, lon)]


def _nearest_in_degrees(
    session: Session, mattering: Select[Place], lon: float, lat: float, most: int
) -> tuple[Sequence[Place], float]:
    """The nearest places as the index orders them, and up to how many metres none can have been missed.

    It orders by degrees, and a degree of longitude is the shorter the nearer to a pole: what was not fetched is at
    least as far in degrees as the last that was, and in metres that is least towards the east and west.
    """
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    degrees = func.ST_Distance(Place.boundary, point)
    nearest = mattering.add_columns(degrees).order_by(Place.boundary.op("<->")(point)).limit(most)
    rows = session.execute(nearest).all()
    if len(rows) < most:
        return [row[0] for row in rows], MOST_REFRESH_M
    farthest = max(row[1] for row in rows)
    shrink = math.cos(math.radians(min(abs(lat) + farthest, 90.0)))
    return [row[0] for row in rows], farthest * _METRES_A_DEGREE * shrink


def _circles_of(session: Session, places: Sequence[Place]) -> list[Circle]:
    """The circles of versions of places; versions never change, so they are kept in the process."""
    keys = [(place.id, place.version) for place in places]
    known = {key: _circles[key] for key in keys if key in _circles}
    missing = [key for key in keys if key not in known]
    if len(_circles) + len(missing) > _CIRCLES_KEPT:
        _circles.clear()
    outlines = (
        present_outlines(session, [place_id for place_id, _ in missing], Form.MEASURED) if missing else {}
    )
    for key in missing:
        known[key] = _circles[key] = outlines[key[0]].circle
    return [known[key] for key in keys]


def _add_outlines(session: Session, regions: Sequence[dict[str, Any]], place_ids: Sequence[UUID]) -> None:
    """Put in the outlines that a phone can judge by, with how far they may be off."""
    outlines = present_outlines(session, place_ids, Form.SIMPLE)
    for region, place_id in zip(regions, place_ids, strict=True):
        outline = outlines[place_id]
        region |= {"boundary": outline.wire, "simplified_m": outline.simplified_m}


def _last_position(session: Session, actor: Actor) -> tuple[float, float]:
    row = session.execute(
        select(func.ST_X(DevicePosition.point), func.ST_Y(DevicePosition.point)).where(
            DevicePosition.device_id == actor.device_id, DevicePosition.person_id == actor.person_id
        )
    ).one_or_none()
    if row is None or row[0] is None:
        raise Invalid.at(
            "/lon", "Say where the phone is: no fix of it is known.", code="position_unknown_here"
        )
    return row[0], row[1]


def _digest(said: Sequence[tuple[dict[str, Any], int]]) -> str:
    """Which places an answer names, in which versions, and which of them one is in."""
    named = [{**region, "version": version} for region, version in said]
    return hashlib.blake2b(orjson.dumps(named), digest_size=12).hexdigest()


def _version(places: str, refresh: Circle) -> str:
    return f"{places}:{refresh.lon:.5f}:{refresh.lat:.5f}:{refresh.radius:.0f}"


def _still_good(version: str, places: str, lon: float, lat: float) -> bool:
    """Whether an earlier answer named the same places, and the phone is still within its refresh circle."""
    digest, *numbers = version.split(":")
    try:
        circle = Circle(*(float(number) for number in numbers))
    except (TypeError, ValueError):  # the phone made it up
        return False
    made = math.isfinite(circle.lon) and math.isfinite(circle.lat)
    return made and digest == places and circle.metres_to(lon, lat) <= 0


def _wire_region(one: Region) -> dict[str, Any]:
    place = one.place
    return _wire_circle(one.circle) | {
        "id": str(place.id),
        "place_kind": place.kind,
        "place_name": place.name,
        "inside": one.inside,
        "floor_low": place.floor_low,
        "floor_high": place.floor_high,
        "boundary": None,
        "simplified_m": None,
        "notify_on": ["enter", "exit"],
    }


def _wire_circle(circle: Circle) -> dict[str, Any]:
    centre = {"type": "Point", "coordinates": [round(circle.lon, 7), round(circle.lat, 7)]}
    return {"center": centre, "radius_m": round(circle.radius, 1)}
