"""The places of one organisation in memory: which cover a point, which are near, and their fences.

A `PlaceIndex` is a snapshot that never changes; `geo/lookup/indexes.py` knows when it is right and makes the next one.
It answers what PostGIS answers: the candidates come from a tree of bounding boxes, and a point belongs to a place when
it is inside or on the edge (`ST_Covers`; for a single point, GEOS's `intersects` says the same and needs no geometry
to be made for the point).

A polygon is prepared once and belongs to its place and version, so the next snapshot takes it over.

Phones stay where they are, so single look-ups come back to the same spots. The candidates of a cell of the map (about
100 m) are kept once they were looked up: that saves the walk down the tree, and the making of a point for it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, STRtree

from geo.engine.transitions import Fence

_METRES_A_DEGREE = 111_320.0
_NARROWEST = 1e-6  # of a degree of longitude, beside the pole: the box then goes all around
# What a place, and an index, cost besides their corners, in corners (of some 50 bytes, with the fence).
_PLACE_WEIGHT, INDEX_WEIGHT = 60, 5_000
_CELLS_A_DEGREE = 1_000
_ROWS = 1_000_000  # more than there are cells from pole to pole
_CELLS_KEPT, _FEWEST_CELLS = 50_000, 1_000
_ROUNDING = 1e-9  # degrees that a cell is taken wider, since a point's cell is found by rounded arithmetic

Points = Sequence[tuple[float, float]] | NDArray[Any]
Cell = tuple[NDArray[Any], list[UUID]]


class IndexedPlace:
    """A version of a place. Its polygon is prepared with the first question; its fence is made on demand and kept."""

    __slots__ = (
        "_fence",
        "floor_high",
        "floor_low",
        "hours",
        "id",
        "polygon",
        "version",
        "weight",
        "whole_height",
    )

    def __init__(
        self,
        place_id: UUID,
        version: int,
        polygon: MultiPolygon,
        floor_low: int | None = None,
        floor_high: int | None = None,
        hours: Mapping[str, Any] | None = None,
        whole_height: bool = False,
    ) -> None:
        self.id, self.version, self.polygon = place_id, version, polygon
        self.floor_low, self.floor_high, self.hours = floor_low, floor_high, hours
        self.whole_height = whole_height
        self.weight = int(shapely.get_num_coordinates(polygon)) + _PLACE_WEIGHT
        self._fence: Fence | None = None

    @property
    def fence(self) -> Fence:
        """The boundary with its floors, ready for `geo.engine.transitions`."""
        if self._fence is None:
            self._fence = Fence(self.polygon, self.floor_low, self.floor_high, self.whole_height, self.hours)
        return self._fence


class PlaceIndex:
    """The standing places of an organisation, right up to `position` of its journal in an epoch.

    Points are degrees, lon first.
    """

    def __init__(self, places: Iterable[IndexedPlace], position: int = 0, epoch: UUID | None = None) -> None:
        # In the order of ids, so that the tree's numbers sort as the ids do and every answer has one order.
        self._places = sorted(places, key=lambda place: place.id.int)
        self._numbers = {place.id: number for number, place in enumerate(self._places)}
        self._polygons: NDArray[Any] = np.empty(len(self._places), dtype=object)
        self._polygons[:] = [place.polygon for place in self._places]
        shapely.prepare(self._polygons)
        self._tree = STRtree(self._polygons)
        self._cells: dict[int, Cell] = {}
        self.weight = INDEX_WEIGHT + sum(place.weight for place in self._places)
        # Of some 300 bytes each: a small organisation must not keep more of them than it has places worth keeping.
        self._cells_kept = min(_CELLS_KEPT, _FEWEST_CELLS + self.weight // 4)
        self.position, self.epoch = position, epoch

    def __len__(self) -> int:
        """How many places there are."""
        return len(self._places)

    def version_of(self, place_id: UUID, version: int) -> IndexedPlace | None:
        """The place, if the index has it in this version."""
        number = self._numbers.get(place_id)
        place = None if number is None else self._places[number]
        return place if place is not None and place.version == version else None

    def covering(self, lon: float, lat: float) -> list[UUID]:
        """The places that the point is in or on the edge of, by id."""
        column, row = int((lon + 180.0) * _CELLS_A_DEGREE), int((lat + 90.0) * _CELLS_A_DEGREE)
        cell = self._cells.get(column * _ROWS + row)
        if cell is None:
            cell = self._cell(column, row)
        polygons, ids = cell
        if not ids:
            return []
        inside = shapely.intersects_xy(polygons, lon, lat).tolist()
        return [place_id for place_id, hit in zip(ids, inside, strict=True) if hit]

    def covering_many(self, points: Points) -> list[list[UUID]]:
        """As `covering`, for many points at once; one list a point."""
        at = np.asarray(points, dtype=float).reshape(-1, 2)
        asked, boxed = self._tree.query(shapely.points(at))
        hit = shapely.intersects_xy(self._polygons[boxed], at[asked, 0], at[asked, 1])
        asked, boxed = asked[hit], boxed[hit]
        order = np.lexsort((boxed, asked))
        answers: list[list[UUID]] = [[] for _ in range(len(at))]
        for point, number in zip(asked[order].tolist(), boxed[order].tolist(), strict=True):
            answers[point].append(self._places[number].id)
        return answers

    def near(self, points: Points, metres: float) -> set[UUID]:
        """The places whose bounding box comes within `metres` of any of the points; some that do not may be there."""
        return {self._places[number].id for number in self._near(points, metres)}

    def fences_near(
        self,
        points: Points,
        metres: float,
        also: Collection[UUID] = (),
    ) -> dict[UUID, Fence]:
        """The fences of the places near any of the points and of those of `also` that still stand, by id."""
        numbers = self._near(points, metres)
        numbers.update(self._numbers[place_id] for place_id in also if place_id in self._numbers)
        near = [self._places[number] for number in sorted(numbers)]
        return {place.id: place.fence for place in near}

    def fence(self, place_id: UUID) -> Fence:
        """The fence of a place; raises `KeyError` for one that does not stand."""
        return self._places[self._numbers[place_id]].fence

    def _cell(self, column: int, row: int) -> Cell:
        """The candidates of a cell, by id; kept for the next point in it."""
        west, south = column / _CELLS_A_DEGREE - 180.0 - _ROUNDING, row / _CELLS_A_DEGREE - 90.0 - _ROUNDING
        size = 1.0 / _CELLS_A_DEGREE + 2 * _ROUNDING
        # Its diagonal has the same bounding box as the cell, and is quicker to make.
        diagonal = shapely.linestrings([(west, south), (west + size, south + size)])
        numbers = np.sort(self._tree.query(diagonal))
        if len(self._cells) >= self._cells_kept:
            self._cells.clear()
        cell = self._polygons[numbers], [self._places[number].id for number in numbers.tolist()]
        self._cells[column * _ROWS + row] = cell
        return cell

    def _near(self, points: Points, metres: float) -> set[int]:
        return set(cast("list[int]", self._tree.query(boxes_around(points, metres))[1].tolist()))


def boxes_around(points: Points, metres: float) -> NDArray[Any]:
    """The boxes around circles of a radius; what sticks out beyond the antimeridian comes in again on its other side.

    A degree of longitude shrinks with cos(latitude), and within the circle most at its end towards the pole.
    """
    lons, lats = np.asarray(points, dtype=float).reshape(-1, 2).T
    high = metres / _METRES_A_DEGREE
    poleward = np.minimum(np.abs(lats) + high, 90.0)
    wide = np.minimum(high / np.maximum(np.cos(np.radians(poleward)), _NARROWEST), 360.0)
    boxes = [(lons, wide, lats)]
    for turn, beyond in ((360.0, lons - wide < -180.0), (-360.0, lons + wide > 180.0)):
        if beyond.any():
            boxes.append((lons[beyond] + turn, wide[beyond], lats[beyond]))
    return np.concatenate([shapely.box(x - w, y - high, x + w, y + high) for x, w, y in boxes])
