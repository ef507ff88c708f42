"""The places near some points as PostGIS says it: the truth, and the way while no index is right."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

import shapely
from numpy.typing import NDArray
from sqlalchemy import LargeBinary, func, select, text
from sqlalchemy.orm import Session, aliased

from base.database import AnyRow, Database
from geo.engine.fences import whole_height
from geo.engine.transitions import Fence
from geo.lookup.index import IndexedPlace, boxes_around
from geo.lookup.outlines import fitting
from geo.models.places import Place

_KEPT_WEIGHT = 1_000_000
_PORTION, _PORTION_CORNERS = 500, 60_000
# The boxes are made before the join: under row-level security the index is used only where the join's condition calls
# nothing but leak-proof functions, and of all that makes a box only `&&` itself is one.
_NEAR = text(
    "WITH box AS MATERIALIZED ("
    "  SELECT DISTINCT ST_MakeEnvelope(west, south, east, north, 4326) AS shape"
    "  FROM unnest(cast(:west AS float8[]), cast(:south AS float8[]), cast(:east AS float8[]),"
    "    cast(:north AS float8[])) AS corners (west, south, east, north)"
    ") SELECT id, version FROM places JOIN box ON places.boundary && box.shape WHERE archived_at IS NULL"
    " UNION SELECT id, version FROM places WHERE id = ANY(:also) AND archived_at IS NULL"
)


class _Versions:
    """Places that were read, by id and version, up to a weight: all are forgotten when it is reached."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, int], IndexedPlace] = {}
        self.weight = 0

    def get(self, place_id: UUID, version: int) -> IndexedPlace | None:
        return self._known.get((place_id, version))

    def keep(self, place: IndexedPlace) -> None:
        if self.weight + place.weight > _KEPT_WEIGHT:
            self._known.clear()
            self.weight = 0
        if (place.id, place.version) not in self._known:
            self._known[place.id, place.version] = place
            self.weight += place.weight


_versions = _Versions()


def fences_near(
    session: Session, points: Sequence[tuple[float, float]], metres: float, also: Collection[UUID]
) -> dict[UUID, Fence]:
    """As `PlaceIndex.fences_near`: the fences near any of the points, and those of `also` that still stand, by id."""
    corners: NDArray[Any] = shapely.bounds(boxes_around(points, metres))
    names = ("west", "south", "east", "north")
    sides = {name: corners[:, side].tolist() for side, name in enumerate(names)}
    near = session.execute(_NEAR, sides | {"also": list(also)}).all()
    known = {row.id: _versions.get(row.id, row.version) for row in near}
    missing = [place_id for place_id, place in known.items() if place is None]
    if missing:
        # Read as they are now: one that was archived since the statement before does not come.
        for place in read_places(stored_places(session, missing)):
            known[place.id] = place
            _versions.keep(place)
    return {
        place_id: place.fence
        for place_id, place in sorted(known.items(), key=lambda known: known[0])
        if place is not None
    }


def portions(database: Database, organisation_id: UUID, place_ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    """The places in portions of so many, and of so many corners: to receive rows holds up all others."""
    for first in range(0, len(place_ids), _PORTION):
        some = place_ids[first : first + _PORTION]
        counted = select(Place.id, func.ST_NPoints(Place.boundary)).where(Place.id.in_(some))
        with database.transaction(organisation_id) as session:
            sizes = session.execute(counted.order_by(Place.id)).all()
        while sizes:
            portion = fitting(sizes, [corners for _, corners in sizes], _PORTION_CORNERS)
            sizes = sizes[len(portion) :]
            yield [place_id for place_id, _ in portion]


def stored_places(session: Session, place_ids: Sequence[UUID]) -> Sequence[AnyRow]:
    """The rows that `read_places` reads, of those places that stand."""
    boundary = func.ST_AsBinary(Place.boundary, type_=LargeBinary).label("boundary")
    site = aliased(Place)
    floors = (site.floor_low.label("site_low"), site.floor_high.label("site_high"))
    wanted = select(
        Place.id, Place.version, boundary, Place.floor_low, Place.floor_high, Place.hours, *floors
    )
    standing = (Place.id.in_(place_ids), Place.archived_at.is_(None))
    return session.execute(wanted.join(site, site.id == Place.site_id).where(*standing)).all()


def read_places(rows: Sequence[AnyRow]) -> list[IndexedPlace]:
    """The places of stored rows, with their polygons."""
    polygons = shapely.from_wkb([bytes(row.boundary) for row in rows])
    return [
        IndexedPlace(
            row.id,
            row.version,
            polygon,
            row.floor_low,
            row.floor_high,
            row.hours,
            whole_height(row.floor_low, row.floor_high, row.site_low, row.site_high),
        )
        for row, polygon in zip(rows, polygons, strict=True)
    ]
