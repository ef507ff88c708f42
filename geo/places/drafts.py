"""What surrounds a draft or a zone: its site, its siblings and those it overlaps. Reads only."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from shapely import MultiPolygon, from_wkb, to_wkb
from sqlalchemy import LargeBinary, Select, func, select, text
from sqlalchemy.orm import Session

from base.text import alike
from base.work.apart import apart
from base.work.offload import offload
from geo.models.places import SRID, Place
from geo.places.judging import Seen, SeenAround, advised, compared_with, remarked
from geo.shapes.advice import Advice, Draft
from people.actor import Actor
from people.audience import managed_by
from people.permissions import Permission

Answer = TypeVar("Answer")
_Rows = Select[UUID, str, int | None, int | None]
# More would not be read by anybody, and each costs an intersection.
_MOST = 100
# For the zones of an import's chunk together, and not those that take long to compare.
_MOST_SIBLINGS, _MOST_CORNERS = 1_000, 2_000
# Shapes of more corners in all are not read; of more than this they are compared in another process.
_MOST_READ, _FEW = 300_000, 2_000
# Boxes before the join, as in `geo/lookup/nearby.py`: only `&&` may be in its condition.
_SIBLINGS = text(
    "WITH box AS MATERIALIZED ("
    "  SELECT site, ST_MakeEnvelope(west, south, east, north, 4326) AS shape"
    "  FROM unnest(cast(:site AS uuid[]), cast(:west AS float8[]), cast(:south AS float8[]),"
    "    cast(:east AS float8[]), cast(:north AS float8[])) AS drawn (site, west, south, east, north)"
    "), near AS ("
    "  SELECT id, site_id, name, floor_low, floor_high, boundary, ST_NPoints(boundary) AS corners FROM places"
    "  WHERE id IN (SELECT places.id FROM places JOIN box ON places.boundary && box.shape AND site_id = site"
    "    WHERE kind = 'zone' AND archived_at IS NULL)"
    "  AND ST_NPoints(boundary) <= :corners ORDER BY id LIMIT :most"
    "), counted AS (SELECT near.*, sum(corners) OVER (ORDER BY id) AS so_far FROM near)"
    " SELECT id, site_id, name, floor_low, floor_high, ST_AsBinary(boundary) AS boundary FROM counted"
    " WHERE so_far <= :read ORDER BY id"
)


def advice_on(session: Session, actor: Actor, site: Place, draft: Draft, itself: UUID | None) -> list[Advice]:
    """All advice on a draft; `itself` is the zone that it would replace.

    A site is compared with the other sites that the actor manages, so that advice tells nothing of the rest.
    """
    around = _around(session, actor, site, draft, itself)
    return _judged(advised, draft.polygon, around, draft)


def compared(
    session: Session, zones: Sequence[tuple[Place, MultiPolygon]], homes: Mapping[UUID, MultiPolygon]
) -> list[list[str]]:
    """What a manager may want to look at, for each of some zones with their outlines.

    `homes` are the outlines of their sites. Each is compared with the others of its site whose boxes meet its own; at
    most a thousand in all.
    """
    if not zones:
        return []
    sides = zip(*(polygon.bounds for _, polygon in zones), strict=True)
    boxes: dict[str, Any] = dict(zip(("west", "south", "east", "north"), map(list, sides), strict=True))
    boxes |= {"site": [zone.site_id for zone, _ in zones], "corners": _MOST_CORNERS, "most": _MOST_SIBLINGS}
    rows: list[Any] = list(session.execute(_SIBLINGS, boxes | {"read": _MOST_READ}))
    drawn = [(zone.site_id, _seen(zone, to_wkb(polygon))) for zone, polygon in zones]
    near = [(row.site_id, _seen(row, bytes(row.boundary))) for row in rows]
    shapes = {site_id: to_wkb(home) for site_id, home in homes.items()}
    size = sum(len(seen.shape or b"") for _, seen in (*drawn, *near)) + sum(map(len, shapes.values()))
    run: Callable[..., list[list[str]]] = offload if size <= _FEW * 16 else apart
    return run(compared_with, drawn, near, shapes)


def published(session: Session, actor: Actor, zone: Place, polygon: MultiPolygon) -> list[str]:
    """What to look at in a zone that is there now, as an import would report it; `polygon` is its outline."""
    site, draft = session.get_one(Place, zone.site_id), Draft("zone", zone.name, polygon, 0.0)
    around = _around(session, actor, site, draft, zone.id)
    found = _judged(remarked, polygon, around, _seen(zone, to_wkb(polygon)))
    named = any(alike(other.name) == alike(zone.name) for other in around.neighbours)
    return ["duplicate_name", *found] if named else found


def outline(session: Session, place_id: UUID) -> MultiPolygon:
    """The present outline of a place."""
    return cast("MultiPolygon", from_wkb(_shape_of(session, place_id)))


def _around(session: Session, actor: Actor, site: Place, draft: Draft, itself: UUID | None) -> SeenAround:
    home = _shape_of(session, site.id)
    if draft.kind == "zone":
        siblings = _zones_of(site)
        if itself is not None:
            siblings = siblings.where(Place.id != itself)
        return SeenAround(home, _near(session, siblings, draft))
    others = _standing().where(Place.kind == "site", Place.id != site.id)
    managed = managed_by(actor, Permission.PLACES_EDIT)
    if managed is not None:
        others = others.where(Place.id.in_(managed))
    return SeenAround(home, _near(session, others, draft), _outside(session, _zones_of(site), draft))


def _judged(judge: Callable[..., Answer], polygon: MultiPolygon, around: SeenAround, *what: Any) -> Answer:
    """What a function of what is to be judged and its surroundings says, in another process where they are large."""
    few = len(to_wkb(polygon)) + around.size <= _FEW * 16
    run: Callable[..., Answer] = offload if few else apart
    return run(judge, *what, around)


def _standing() -> _Rows:
    return select(Place.id, Place.name, Place.floor_low, Place.floor_high).where(Place.archived_at.is_(None))


def _zones_of(site: Place) -> _Rows:
    return _standing().where(Place.kind == "zone", Place.site_id == site.id)


def _near(session: Session, query: _Rows, draft: Draft) -> list[Seen]:
    """Those whose boxes meet the draft's, with their shapes, and those who are called as it is."""
    box: Any = func.ST_MakeEnvelope(*draft.polygon.bounds, SRID)
    near = _with_shapes(session, query.where(Place.boundary.op("&&")(box)), Place.id)
    if draft.name is None:
        return near
    known = {neighbour.id for neighbour in near}
    named = query.where(func.lower(Place.name) == draft.name.strip().lower()).order_by(Place.id).limit(_MOST)
    return near + [_seen(row) for row in session.execute(named) if row.id not in known]


def _outside(session: Session, query: _Rows, draft: Draft) -> list[Seen]:
    """The site's zones; those within the draft give no advice, so only the first that may stick out are read."""
    box: Any = func.ST_MakeEnvelope(*draft.polygon.bounds, SRID)
    return _with_shapes(session, query, Place.boundary.op("@")(box), Place.id)


def _with_shapes(session: Session, query: _Rows, *order: Any) -> list[Seen]:
    """The first of the places, and the shapes of those that have so many corners together as may be read."""
    corners = func.ST_NPoints(Place.boundary).label("corners")
    rows = session.execute(query.add_columns(corners).order_by(*order).limit(_MOST)).all()
    left, read = _MOST_READ, list[UUID]()
    for row in rows:
        left -= row.corners
        if left >= 0:
            read.append(row.id)
    shape = func.ST_AsBinary(Place.boundary, type_=LargeBinary)
    shapes = dict(session.execute(select(Place.id, shape).where(Place.id.in_(read))).all()) if read else {}
    return [_seen(row, shapes.get(row.id), unread=row.id not in shapes) for row in rows]


def _seen(row: Any, shape: bytes | None = None, *, unread: bool = False) -> Seen:
    floors = None if row.floor_low is None else (row.floor_low, row.floor_high)
    return Seen(row.id, row.name, None if shape is None else bytes(shape), floors, unread)


def _shape_of(session: Session, place_id: UUID) -> bytes:
    shape = func.ST_AsBinary(Place.boundary, type_=LargeBinary)
    return bytes(session.scalars(select(shape).where(Place.id == place_id)).one())
