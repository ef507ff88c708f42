"""How much shapes overlap, without ever taking long.

To cut one outline by another takes as long as their edges meet: two combs of 1,200 corners, one of them turned, meet
in a third of a million points, which is ten seconds and a gigabyte. So the edges that may meet are counted first. Few
enough, and the shapes are cut; otherwise the share is estimated, by points spread evenly over the shape. A request has
one `Overlaps`, which bounds all that it compares; once that is spent, shapes are no longer compared.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon

from geo.shapes.outlines import edge_boxes

# Pairs of edges that may meet, of one comparison and of a request: each costs some five microseconds.
MOST_EXACT, MOST_WORK = 60_000, 300_000
# For each corner, in such pairs: what it costs to look for edges that meet, and to ask about all the points.
_LOOK, _ESTIMATE = 0.02, 1.0
_POINTS = 1_000
# Multiples of these fill a square evenly, in no pattern that an outline could have too (Roberts's R2 sequence).
_STEPS = np.array([0.7548776662466927, 0.5698402909980532])


@dataclass(frozen=True)
class Share:
    """A part of a shape's area, from 0 to 1; an estimated one is good to some hundredths."""

    value: float
    estimated: bool = False


NOTHING = Share(0.0)


class Overlaps:
    """What one request may find out. `complete` is whether all that it asked for has been compared."""

    def __init__(self, work: float = MOST_WORK) -> None:
        self._left = work
        self.complete = True

    def outside(self, part: MultiPolygon, whole: MultiPolygon) -> Share:
        """How much of a shape's area lies outside of another. Plane degrees: a ratio needs no metres."""
        if not self._pays(_LOOK * _corners(part, whole)):
            return NOTHING
        if whole.covers(part):
            return NOTHING
        covered = self._share(part, whole)
        return NOTHING if covered is None else Share(1.0 - covered.value, covered.estimated)

    def covered(self, one: MultiPolygon, other: MultiPolygon) -> Share:
        """How much of a shape's area another one covers."""
        if not self._pays(_LOOK * _corners(one, other)) or not one.intersects(other):
            return NOTHING
        return self._share(one, other) or NOTHING

    def _share(self, one: MultiPolygon, other: MultiPolygon) -> Share | None:
        pairs = _meeting(one, other) * _meeting(other, one)
        if pairs <= min(MOST_EXACT, self._left):
            self._left -= pairs
            return Share(min(1.0, one.intersection(other).area / one.area))
        if self._pays(_ESTIMATE * _corners(one, other)):
            return Share(_estimate(one, other), estimated=True)
        return None

    def _pays(self, work: float) -> bool:
        if work > self._left:
            self.complete = False
            return False
        self._left -= work
        return True


def _corners(*shapes: MultiPolygon) -> int:
    return sum(int(shapely.get_num_coordinates(shape)) for shape in shapes)


def _meeting(one: MultiPolygon, other: MultiPolygon) -> int:
    """How many edges of a shape come into the other's box."""
    west, south, east, north = other.bounds
    low, high = edge_boxes(one)
    return int(((low <= (east, north)) & (high >= (west, south))).all(axis=1).sum())


def _estimate(one: MultiPolygon, other: MultiPolygon) -> float:
    """The share of evenly spread points of a shape, or of its corners where it is too thin for any, in the other."""
    west, south, east, north = one.bounds
    spread = (0.5 + np.arange(1, _POINTS + 1)[:, None] * _STEPS) % 1.0
    points = (west, south) + spread * (east - west, north - south)
    shapely.prepare([one, other])
    points = points[shapely.contains_xy(one, points)]
    if not len(points):
        corners = shapely.get_coordinates(one)
        points = corners[:: len(corners) // _POINTS + 1]
    return float(shapely.intersects_xy(other, points).mean())
