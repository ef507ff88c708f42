"""What surrounds a draft or a zone: its site, its siblings and those it overlaps. Reads only."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from geoalchemy2 import WKBElement
from geoalchemy2.shape import to_shape
from shapely import MultiPolygon, STRtree, from_wkb
from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from base.offload import offload
from base.text import alike
from geo.models.places import SRID, Place
from geo.shapes.advice import Draft, Neighbour, Surroundings
from geo.shapes.overlaps import Overlaps
from geo.shapes.remarks import remarks
from people.actor import Actor
from people.audience import managed_by

_Rows = Select[UUID, str, int | None, int | None]
# More would not be read by anybody, and each costs an intersection.
_MOST = 100
# For the zones of an import's chunk together, and not those that take long to compare.
_MOST_SIBLINGS, _MOST_CORNERS = 1_000, 2_000
# Boxes before the join, as in `geo/lookup/nearby.py`: only `&&` may be in its condition.
_SIBLINGS = text(
    "WITH box AS MATERIALIZED ("
    "  SELECT site, ST_MakeEnvelope(west, south, east, north, 4326) AS shape"
    "  FROM unnest(cast(:site AS uuid[]), cast(:west AS float8[]), cast(:south AS float8[]),"
    "    cast(:east AS float8[]), cast(:north AS float8[])) AS drawn (site, west, south, east, north)"
    ") SELECT id, site_id, name, floor_low, floor_high, ST_AsBinary(boundary) AS boundary FROM places"
    " WHERE id IN (SELECT places.id FROM places JOIN box ON places.boundary && box.shape AND site_id = site"
    "   WHERE kind = 'zone' AND archived_at IS NULL)"
    " AND ST_NPoints(boundary) <= :corners ORDER BY id LIMIT :most"
)


def surroundings(
    session: Session, actor: Actor, site: Place, draft: Draft, itself: UUID | None
) -> Surroundings:
    """What to judge a draft against; `itself` is the zone that it would replace.

    A site is compared with the other sites that the actor manages, so that advice tells nothing of the rest.
    """
    home = _shape(site.boundary)
    if draft.kind == "zone":
        siblings = _zones_of(site)
        if itself is not None:
            siblings = siblings.where(Place.id != itself)
        return Surroundings(home, _near(session, siblings, draft))
    others = _standing().where(Place.kind == "site", Place.id != site.id)
    if not actor.is_administrator:
        others = others.where(Place.id.in_(managed_by(actor)))
    return Surroundings(home, _near(session, others, draft), _outside(session, _zones_of(site), draft))


def as_neighbour(place: Place, polygon: MultiPolygon) -> Neighbour:
    """A place as others see it."""
    return _neighbour(place, polygon)


def siblings_near(session: Session, zones: Sequence[tuple[Place, MultiPolygon]]) -> list[list[Neighbour]]:
    """For each of some zones the others of its site whose boxes meet its own; at most a thousand in all."""
    if not zones:
        return []
    sides = zip(*(polygon.bounds for _, polygon in zones), strict=True)
    boxes: dict[str, Any] = dict(zip(("west", "south", "east", "north"), map(list, sides), strict=True))
    boxes |= {"site": [zone.site_id for zone, _ in zones], "corners": _MOST_CORNERS, "most": _MOST_SIBLINGS}
    rows: list[Any] = list(session.execute(_SIBLINGS, boxes))
    shapes = from_wkb([bytes(row.boundary) for row in rows])
    known = [_neighbour(row, shape) for row, shape in zip(rows, shapes, strict=True)]
    near: list[list[Neighbour]] = [[] for _ in zones]
    for zone, other in STRtree(shapes).query([polygon for _, polygon in zones]).T.tolist():
        if rows[other].site_id == zones[zone][0].site_id and rows[other].id != zones[zone][0].id:
            near[zone].append(known[other])
    return near


def published(session: Session, actor: Actor, zone: Place) -> list[str]:
    """What to look at in a zone that is there now, as an import would report it."""
    polygon = _shape(zone.boundary)
    site, draft = session.get_one(Place, zone.site_id), Draft("zone", zone.name, polygon, 0.0)
    around = surroundings(session, actor, site, draft, zone.id)
    found = offload(_remarks, _neighbour(zone, polygon), around)
    named = any(alike(other.name) == alike(zone.name) for other in around.neighbours)
    return ["duplicate_name", *found] if named else found


def _remarks(zone: Neighbour, around: Surroundings) -> list[str]:
    return [] if around.home is None else list(remarks(zone, around.home, around.neighbours, Overlaps()))


def _standing() -> _Rows:
    return select(Place.id, Place.name, Place.floor_low, Place.floor_high).where(Place.archived_at.is_(None))


def _zones_of(site: Place) -> _Rows:
    return _standing().where(Place.kind == "zone", Place.site_id == site.id)


def _near(session: Session, query: _Rows, draft: Draft) -> list[Neighbour]:
    """Those whose boxes meet the draft's, with their shapes, and those who are called as it is."""
    box: Any = func.ST_MakeEnvelope(*draft.polygon.bounds, SRID)
    meeting = query.add_columns(Place.boundary).where(Place.boundary.op("&&")(box))
    near = [
        _neighbour(row, _shape(row.boundary))
        for row in session.execute(meeting.order_by(Place.id).limit(_MOST))
    ]
    if draft.name is None:
        return near
    known = {neighbour.id for neighbour in near}
    named = query.where(func.lower(Place.name) == draft.name.strip().lower()).order_by(Place.id).limit(_MOST)
    return near + [_neighbour(row) for row in session.execute(named) if row.id not in known]


def _outside(session: Session, query: _Rows, draft: Draft) -> Sequence[Neighbour]:
    """The site's zones; those within the draft give no advice, so only the first that may stick out are read."""
    box: Any = func.ST_MakeEnvelope(*draft.polygon.bounds, SRID)
    inside = query.add_columns(Place.boundary).order_by(Place.boundary.op("@")(box), Place.id).limit(_MOST)
    return [_neighbour(row, _shape(row.boundary)) for row in session.execute(inside)]


def _neighbour(row: Any, polygon: MultiPolygon | None = None) -> Neighbour:
    floors = None if row.floor_low is None else (row.floor_low, row.floor_high)
    return Neighbour(row.id, row.name, polygon, floors)


def _shape(boundary: WKBElement) -> MultiPolygon:
    return cast("MultiPolygon", to_shape(boundary))
