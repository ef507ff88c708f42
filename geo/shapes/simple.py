"""Outlines for phones: few corners, and an honest word about what that costs.

A shape is simplified by the least of some tolerances that leaves few enough corners. Wherever a point is farther than
the tolerance from the outline as it was drawn, both say the same of it, in or out: each piece of the outline moves by
no more than that, so it never sweeps over such a point. That holds, too, where the simplified outline crosses itself
and is cut into parts that do not, and where a part or hole that is narrower than the tolerance goes.
"""

import math
from typing import Any, cast

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from geo.shapes.outlines import crossings, simplified

MOST_CORNERS = 500
FINEST_M, _STEP = 0.1, 1.5
_DECIMALS, _GRID = 7, 1e-7  # a centimetre
_METRES_A_DEGREE = 111_320.0


def simpler(shape: MultiPolygon, most: int = MOST_CORNERS) -> tuple[MultiPolygon, float]:
    """A valid shape of at most `most` corners, and by how many metres its outline may be off (0: it is the same).

    A cloud of small parts has no simpler outline; it becomes its hull, which is off by all the shape's size.
    """
    if _corners(shape) <= most:
        return shape, 0.0
    west, south, east, north = shape.bounds
    # Metres of the widest parallel: a tolerance is never told smaller than it is.
    least_lat = 0.0 if south < 0 < north else min(abs(south), abs(north))
    scale = np.array([_METRES_A_DEGREE * max(math.cos(math.radians(least_lat)), 1e-6), _METRES_A_DEGREE])
    size = math.hypot(*(scale * (east - west, north - south)))
    plane = _scaled(shape, scale)
    tolerance = FINEST_M
    while tolerance < size / 4:
        parts = _few(plane, tolerance, most)
        found = None if parts is None else _valid(parts, scale)
        if found is not None and _corners(found) <= most:
            return found, round(tolerance + 0.05, 1)
        tolerance *= _STEP
    return _hull(plane, scale, most, size), round(size, 1)


def geojson_text(shape: MultiPolygon) -> str:
    """The GeoJSON of a boundary, encoded: a Polygon where it has one part."""
    polygons = [_rings(part) for part in shape.geoms]
    if len(polygons) == 1:
        wire: dict[str, Any] = {"type": "Polygon", "coordinates": polygons[0]}
    else:
        wire = {"type": "MultiPolygon", "coordinates": polygons}
    return orjson.dumps(wire, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _rings(part: Polygon) -> list[NDArray[np.float64]]:
    return [
        np.round(shapely.get_coordinates(ring), _DECIMALS).copy(order="C")
        for ring in (part.exterior, *part.interiors)
    ]


def _hull(plane: MultiPolygon, scale: NDArray[np.float64], most: int, size: float) -> MultiPolygon:
    hull, tolerance = plane.convex_hull, FINEST_M
    while _corners(hull) > most and tolerance < size / 4:
        found = simplified(hull, tolerance) if isinstance(hull, Polygon) else None
        hull, tolerance = found or hull, tolerance * _STEP
    return _valid([hull], scale) or MultiPolygon([cast("Polygon", _scaled(plane.envelope, 1.0 / scale))])


def _few(plane: MultiPolygon, tolerance: float, most: int) -> list[Polygon] | None:
    """The parts, simplified; None as soon as it shows that they have more than `most` corners.

    A crossing becomes a corner. All are counted first: to make a hundred thousand crossings valid takes seconds.
    """
    parts: list[Polygon] = []
    left = most
    for part in plane.geoms:
        if (simple := simplified(part, tolerance)) is not None:
            parts.append(simple)
            left -= _corners(simple)
        if left < 0:
            return None
    return None if crossings(parts) > most else parts


def _valid(parts: list[Any], scale: NDArray[np.float64]) -> MultiPolygon | None:
    """The parts as one valid shape in degrees; None where nothing is left of them."""
    there = [part for part in parts if isinstance(part, Polygon) and not part.is_empty]
    if not there:
        return None
    degrees = shapely.make_valid(_scaled(MultiPolygon(there), 1.0 / scale))
    # On the grid of what is sent: rounding alone may make edges cross that nearly touch.
    on_grid = shapely.set_precision(degrees, _GRID)
    flat = shapely.get_parts(shapely.get_parts(on_grid))
    polygons = [orient(piece) for piece in flat if isinstance(piece, Polygon) and not piece.is_empty]
    found = MultiPolygon(polygons)
    return found if polygons and found.is_valid else None


def _scaled(shape: Any, scale: NDArray[np.float64]) -> Any:
    return shapely.transform(shape, lambda corners: corners * scale)


def _corners(shape: Any) -> int:
    return int(shapely.get_num_coordinates(shape))
