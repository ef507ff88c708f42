"""Circles around places, as the geofences of iOS and Android are.

The smallest circle around a boundary's corners is found in a plane around the place; its radius is then measured
again on the ellipsoid, so that it covers whatever the plane has distorted.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod
from shapely import MultiPolygon, get_coordinates, minimum_bounding_circle, multipoints
from shapely.geometry.base import BaseGeometry

# Below this the systems' geofences are not reliable: a circle of theirs is some cell towers and access points wide.
LEAST_RADIUS_M = 100.0
_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Circle:
    """A circle on the earth: degrees, metres."""

    lon: float
    lat: float
    radius: float

    def metres_to(self, lon: float, lat: float) -> float:
        """From a point to the circle's edge: negative inside."""
        return distance_m(self.lon, self.lat, lon, lat) - self.radius

    def holds(self, other: "Circle") -> bool:
        """Whether the other circle lies within this one."""
        return distance_m(self.lon, self.lat, other.lon, other.lat) + other.radius <= self.radius


def enclosing_circle(boundary: MultiPolygon, least: float = LEAST_RADIUS_M) -> Circle:
    """The smallest circle around a boundary, but not smaller than `least` metres."""
    corners = get_coordinates(boundary)
    # Parts on both sides of the antimeridian are put side by side before anything is measured.
    first = float(corners[0, 0])
    lons = (corners[:, 0] - first + 180.0) % 360.0 - 180.0 + first
    lats = corners[:, 1]
    middle = float(lats.min() + lats.max()) / 2
    shrink = max(float(np.cos(np.radians(middle))), 1e-6)
    plane = np.column_stack([(lons - first) * shrink, lats - middle])
    around = cast("BaseGeometry", minimum_bounding_circle(multipoints(plane)))
    x, y = plane[0] if around.is_empty else (around.centroid.x, around.centroid.y)
    lon, lat = float(x) / shrink + first, min(max(float(y) + middle, -90.0), 90.0)
    lon = (lon + 180.0) % 360.0 - 180.0
    return Circle(lon, lat, max(float(_metres(lon, lat, corners).max()) + 0.01, least))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two points on the ellipsoid."""
    return float(_GEOD.inv(lon1, lat1, lon2, lat2)[2])


def _metres(lon: float, lat: float, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    here = np.full(len(corners), lon), np.full(len(corners), lat)
    return np.asarray(_GEOD.inv(*here, corners[:, 0], corners[:, 1])[2])
