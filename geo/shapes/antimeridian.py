"""Rings that cross the antimeridian: one clear meaning, or none.

RFC 7946 (3.1.9) wants a shape that crosses ±180 degrees cut there; many programs do not cut. Such a ring still has
one meaning when every edge is taken the short way around the world and the ring comes back to where it began. It is
laid out straight (longitudes that run on beyond 180), checked, and cut into parts. Refused, since there is more than
one meaning: a ring that goes around a pole, an edge of exactly half the world, a shape wider than half the world.

An edge whose two ends lie on a pole has no length, whatever its longitudes say: so Antarctica is drawn.
"""

import itertools
import math

from shapely import Polygon, box
from shapely.affinity import translate

from geo.shapes.geojson import Ring, refuse

_HALF, _WHOLE = 180.0, 360.0
# Longitudes this close to ±180 mean ±180; a thousandth of a millimetre of another part is an artefact.
_SNAP = 1e-9


def unwrapped(rings: list[Ring], pointer: str) -> list[Ring]:
    """The rings of one polygon laid out straight; the very same list when nothing crosses.

    Degrees; longitudes may run from -540 to 540. Raises `BoundaryRefused` where there is no one meaning.
    """
    if not any(_outside(ring) or _jumps(ring) for ring in rings):
        return rings
    outer, *holes = [_straight(ring, f"{pointer}/{i}") for i, ring in enumerate(rings)]
    west, east = _span(outer)
    if not 0 < east - west <= _HALF:
        detail = "The shape is wider than half the world; which side is meant is not clear."
        raise refuse("ambiguous", detail, pointer, rings[0][0])
    # The middle of the outer ring comes to lie in the world; the holes follow to where they are inside of it.
    outer = _moved(outer, -_WHOLE * math.floor(((west + east) / 2 + _HALF) / _WHOLE))
    return [outer, *(_moved(hole, _turns(hole, outer)) for hole in holes)]


def cut(polygon: Polygon) -> list[Polygon]:
    """The parts of a straight, valid polygon within -180 to 180 degrees."""
    west, _, east, _ = polygon.bounds
    if west >= -_HALF and east <= _HALF:
        return [polygon]
    pieces: list[Polygon] = []
    for turn in (-1, 0, 1):
        world = box(turn * _WHOLE - _HALF, -90.0, turn * _WHOLE + _HALF, 90.0)
        clipped = polygon.intersection(world)
        for part in getattr(clipped, "geoms", [clipped]):
            if isinstance(part, Polygon) and not part.is_empty:
                pieces.append(translate(part, xoff=-turn * _WHOLE))
    return pieces


def wrapped_lon(lon: float) -> float:
    """The longitude between -180 and 180 that means the same."""
    return lon if abs(lon) <= _HALF else (lon + _HALF) % _WHOLE - _HALF


def _outside(ring: Ring) -> bool:
    return any(abs(lon) > _HALF for lon, _ in ring)


def _jumps(ring: Ring) -> bool:
    return any(
        abs(one[0] - other[0]) > _HALF and not _along_a_pole(one[1], other[1])
        for one, other in itertools.pairwise(ring)
    )


def _along_a_pole(one: float, other: float) -> bool:
    return one == other and abs(one) == 90.0


def _straight(ring: Ring, pointer: str) -> Ring:
    if _outside(ring):
        return _as_written(ring, pointer)
    lon = ring[0][0]
    laid = [(_snapped(lon), ring[0][1])]
    for start, end in itertools.pairwise(ring):
        step = end[0] - start[0]
        if abs(step) == _HALF and not _along_a_pole(start[1], end[1]):
            detail = "An edge goes exactly half around the world; which way is not clear."
            raise refuse("ambiguous", detail, pointer, start)
        lon += step - _WHOLE * round(step / _WHOLE)
        laid.append((_snapped(lon), end[1]))
    if abs(laid[-1][0] - laid[0][0]) > 1.0:
        detail = "The ring goes around a pole; cut it at the antimeridian and lead it to the pole."
        raise refuse("encloses_pole", detail, pointer, ring[0])
    return [*laid[:-1], laid[0]]


def _as_written(ring: Ring, pointer: str) -> Ring:
    """A ring beyond 180 has to be straight already: with jumps besides, it could be one slip or another."""
    if _jumps(ring):
        lon, lat = next(position for position in ring if abs(position[0]) > _HALF)
        detail = f"Longitude {lon:g} is outside the world, and the ring leaps as well."
        raise refuse("out_of_range", detail, pointer, (lon, lat))
    return [(_snapped(lon), lat) for lon, lat in ring]


def _snapped(lon: float) -> float:
    near = _HALF * round(lon / _HALF)
    return near if abs(lon - near) < _SNAP else lon


def _moved(ring: Ring, by: float) -> Ring:
    return ring if by == 0 else [(lon + by, lat) for lon, lat in ring]


def _turns(hole: Ring, outer: Ring) -> float:
    """How far a hole has to be moved, in whole turns, to lie nearest to the middle of its polygon."""
    return _WHOLE * round((sum(_span(outer)) - sum(_span(hole))) / 2 / _WHOLE)


def _span(ring: Ring) -> tuple[float, float]:
    lons = [lon for lon, _ in ring]
    return min(lons), max(lons)
