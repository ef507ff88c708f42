"""What the geofence engine measures with: a phone's position report and a place's boundary.

Distances are planar in a frame around the fix, which within `SIGHT_M` is exact to a few parts in ten thousand: far
below what a phone can tell. So a boundary may be as large as a country: of it only the edges around the fix are
measured; what is farther away is simply far. Edges are found by the boxes around every eight that follow each other:
the largest boundary has less than four thousand, looked through in ten microseconds, at a tenth of a tree's memory.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon, get_coordinates, get_parts, get_rings, intersects_xy, prepare

SIGHT_M = 250.0
ASSUMED_ACCURACY_M = 30.0
_METRES_A_DEGREE = 111_320.0
_EARTH_M = 6_371_008.8
_RUN = 8


@dataclass(frozen=True)
class Fix:
    """One position report. `at` in unix seconds, metres, metres a second, degrees.

    `assumed` is the accuracy that the engine assumes where the phone gives none: what the device usually gives.
    """

    at: float
    lon: float
    lat: float
    accuracy: float | None = None
    speed: float | None = None
    floor: int | None = None
    mock: bool = False
    assumed: float = ASSUMED_ACCURACY_M

    @property
    def uncertainty(self) -> float:
        """The accuracy in metres, or what is assumed where the phone gives none: nobody measures to 0 m."""
        return self.accuracy if self.accuracy is not None and self.accuracy > 0 else self.assumed

    @property
    def sane(self) -> bool:
        """Whether time and place are numbers at all; a recording may hold anything."""
        return math.isfinite(self.at) and math.isfinite(self.lon) and math.isfinite(self.lat)


@dataclass(frozen=True)
class Fence:
    """A place's boundary, ready to be asked; made once for a version of a place. It may be limited to floors.

    `whole_height` says of a range of floors that it is all that its site has. `room` is how many metres across the
    place is: the side of a square of its area.
    """

    polygon: MultiPolygon
    floor_low: int | None = None
    floor_high: int | None = None
    whole_height: bool = False
    # When fixes count here, by the site's charter (`base.hours`); the engine is not asked about a closed place.
    hours: Mapping[str, Any] | None = field(default=None, compare=False)
    room: float = field(init=False, repr=False, compare=False)
    _bounds: tuple[float, float, float, float] = field(init=False, repr=False, compare=False)
    _runs: NDArray[np.float64] = field(init=False, repr=False, compare=False)
    _boxes: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the polygon and its edges for many questions."""
        bounds = self.polygon.bounds
        shrink = _shrink((bounds[1] + bounds[3]) / 2)
        runs = _runs_of(self.polygon)
        object.__setattr__(self, "room", math.sqrt(self.polygon.area * shrink) * _METRES_A_DEGREE)
        object.__setattr__(self, "_bounds", bounds)
        object.__setattr__(self, "_runs", runs)
        object.__setattr__(
            self, "_boxes", np.concatenate([runs.min(axis=1), runs.max(axis=1)], axis=1).T.copy()
        )
        prepare(self.polygon)
        # Asked once here: the index is built on first use, and later uses may come from several threads.
        intersects_xy(self.polygon, 0.0, 0.0)

    def covers(self, fix: Fix) -> bool:
        """Whether the point is inside or on the edge."""
        west, south, east, north = self._bounds
        # Most places around a fix are settled here, at a tenth of the price.
        if not (west <= fix.lon <= east and south <= fix.lat <= north):
            return False
        return bool(intersects_xy(self.polygon, fix.lon, fix.lat))

    def distance(self, fix: Fix, sight: float = SIGHT_M) -> float:
        """Metres from the point to the place: 0 inside, infinite beyond `sight` metres."""
        if self.covers(fix):
            return 0.0
        metres = self._to_edge(fix.lon, fix.lat, sight)
        # A place on both sides of the antimeridian is stored in two parts, 360 degrees apart.
        reach = math.degrees(sight / _EARTH_M) / _shrink(fix.lat)
        if 180.0 - abs(fix.lon) <= reach:
            metres = min(metres, self._to_edge(fix.lon - math.copysign(360.0, fix.lon), fix.lat, sight))
        return metres if metres <= sight else math.inf

    def allows_floor(self, floor: int | None) -> bool:
        """Whether a fix of this floor may put someone into the place; one without counts for all floors alone."""
        if self.floor_low is None or self.floor_high is None:
            return True
        if floor is None:
            return self.whole_height
        return self.floor_low <= floor <= self.floor_high

    def _to_edge(self, lon: float, lat: float, sight: float) -> float:
        shrink = _shrink(lat)
        up = sight / _METRES_A_DEGREE
        aside = up / shrink
        west, south, east, north = self._bounds
        if not (west - aside <= lon <= east + aside and south - up <= lat <= north + up):
            return math.inf
        wests, souths, easts, norths = self._boxes
        near = (wests <= lon + aside) & (easts >= lon - aside) & (souths <= lat + up) & (norths >= lat - up)
        if not near.any():
            return math.inf
        return _nearest((self._runs[near] - (lon, lat)) * (_METRES_A_DEGREE * shrink, _METRES_A_DEGREE))


def whole_height(low: int | None, high: int | None, site_low: int | None, site_high: int | None) -> bool:
    """Whether a place's range of floors is all that its site has; without a range of either it cannot be said."""
    if low is None or high is None or site_low is None or site_high is None:
        return False
    return low <= site_low and site_high <= high


def metres_between(one: Fix, other: Fix) -> float:
    """The great-circle distance in metres, by the haversine formula."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.lon - one.lon) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(h)))


def _shrink(lat: float) -> float:
    """How much shorter a degree of longitude is than one of latitude; kept from 0 at the poles."""
    return max(math.cos(math.radians(lat)), 1e-6)


def _runs_of(polygon: MultiPolygon) -> NDArray[np.float64]:
    """The corners of every eight edges that follow each other, as (run, corner, lon and lat).

    The last run of a ring is filled up with its last corner, which is on the boundary as any other.
    """
    rings = [get_coordinates(ring) for ring in get_rings(get_parts(polygon))]
    if not rings:
        return np.empty((0, 2, 2))
    run = min(_RUN, max(len(ring) for ring in rings) - 1)
    return np.concatenate([ring[_corners_of_runs(len(ring), run)] for ring in rings])


def _corners_of_runs(corners: int, run: int) -> NDArray[np.int64]:
    first = np.arange(0, corners - 1, run)
    return np.minimum(first[:, None] + np.arange(run + 1), corners - 1)


def _nearest(runs: NDArray[np.float64]) -> float:
    """Metres from the origin to the nearest of the edges between the corners of runs."""
    start, along = runs[:, :-1], runs[:, 1:] - runs[:, :-1]
    length = np.maximum((along * along).sum(axis=2), 1e-12)
    share = np.clip(-(start * along).sum(axis=2) / length, 0.0, 1.0)
    foot = start + along * share[:, :, None]
    return float(np.sqrt((foot * foot).sum(axis=2).min()))
