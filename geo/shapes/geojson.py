"""The structure of GeoJSON (RFC 7946), checked before any geometry is built from it.

Geometry libraries load much that is not GeoJSON as if all were well (numbers as strings, missing members), so
nothing gets to them before it has been through here. Whatever is wrong is a `BoundaryRefused` that points at it.
"""

import itertools
import math
import re
from typing import Any, ClassVar

from base.errors import Invalid

MAX_VERTICES = 30_000
# Rings within rings are compared with each other: a thousand cost a quarter of a second, six thousand eight.
MAX_RINGS = 1_000
_MOST_NUMBERS = 4  # a height, and a measure that surveyors add
# The names under which a legacy `crs` member says WGS84, and nothing that merely ends so.
_WGS84 = re.compile(
    r"((urn:(x-)?ogc:def:crs:)?(OGC:([\d.]*:)?CRS84|EPSG:([\d.]*:)?4326)|CRS ?84|WGS ?84"
    r"|https?://www\.opengis\.net/def/crs/(OGC/[\d.]+/CRS84|EPSG/[\d.]+/4326))",
    re.IGNORECASE,
)
# Beyond this a number is no degree by any mistake; it is metres or feet of some projection.
_SURELY_PROJECTED = 1_000.0
# Maps that repeat the world sideways let people draw on the next copy of it: 487 is 127.
_WIDEST_LON = 540.0

_OTHER_TYPES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "GeometryCollection",
    "Feature",
    "FeatureCollection",
)

Position = tuple[float, float]
Ring = list[Position]


class BoundaryRefused(Invalid):
    """A boundary with no clear meaning. `extra["at"]` is the [lon, lat] of the fault, where there is one."""

    code = "boundary_malformed"
    title: ClassVar[str] = "This boundary cannot be used"


def refuse(code: str, detail: str, pointer: str, at: Position | None = None) -> BoundaryRefused:
    """The refusal of a boundary, with the place of the fault for a map's pin."""
    place = None if at is None or not all(map(math.isfinite, at)) else list(at)
    return BoundaryRefused(
        detail, code=f"boundary_{code}", errors=[{"pointer": pointer, "message": detail}], at=place
    )


def read_polygons(geojson: Any, pointer: str, notes: set[str]) -> list[tuple[list[Ring], str]]:
    """The rings of a Polygon, a MultiPolygon or a Feature of one, each polygon with its pointer."""
    geometry = _member(geojson, pointer)
    _check_crs(geometry, pointer, notes)
    if geometry.get("type") == "Feature":
        pointer += "/geometry"
        if geometry.get("geometry", 0) is None:
            raise refuse("empty", "The feature has no geometry.", pointer)
        geometry = _member(geometry.get("geometry"), pointer)
        _check_crs(geometry, pointer, notes)
    coordinates, pointer = geometry.get("coordinates"), f"{pointer}/coordinates"
    match geometry.get("type"):
        case "Polygon":
            polygons = [(coordinates, pointer)]
        case "MultiPolygon":
            parts = _array(coordinates, pointer)
            _check_rings(len(parts))  # each has one at least
            polygons = [(part, f"{pointer}/{i}") for i, part in enumerate(parts)]
        case str(kind) if kind in _OTHER_TYPES:
            raise refuse("not_polygon", f"A boundary is a Polygon or MultiPolygon, not {kind}.", pointer)
        case _:
            raise refuse("malformed", "The type is none that GeoJSON knows.", pointer)
    _check_size(polygons)
    return [(_rings(rings, where, notes), where) for rings, where in polygons]


def read_position(value: Any, pointer: str, notes: set[str], widest: float = 180.0) -> Position:
    """One position, longitude (within ± `widest`) before latitude; a height is dropped."""
    if not isinstance(value, list) or len(value) < 2:
        raise refuse("malformed", "A position is a list of two numbers.", pointer)
    if len(value) > _MOST_NUMBERS:
        raise refuse("malformed", f"A position has {_MOST_NUMBERS} numbers at most.", pointer)
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise refuse("not_a_number", "A position holds something that is not a number.", pointer)
        if not math.isfinite(_as_float(number, pointer)):
            raise refuse("not_a_number", "NaN and infinity are no coordinates.", pointer)
    lon, lat = float(value[0]), float(value[1])
    if len(value) > 2:
        notes.add("height_dropped")
    if max(abs(lon), abs(lat)) > _SURELY_PROJECTED:
        raise refuse("projected", "These look like metres of a projection; send WGS84 degrees.", pointer)
    if abs(lon) > widest or abs(lat) > 90:
        detail = f"Longitude {lon:g}, latitude {lat:g} is outside the world; longitude comes first."
        raise refuse("out_of_range", detail, pointer, (lon, lat))
    return lon, lat


def _rings(value: Any, pointer: str, notes: set[str]) -> list[Ring]:
    rings = _array(value, pointer)
    if not rings:
        raise refuse("empty", "A polygon has at least one ring.", pointer)
    return [_ring(ring, f"{pointer}/{i}", notes) for i, ring in enumerate(rings)]


def _ring(value: Any, pointer: str, notes: set[str]) -> Ring:
    positions = _array(value, pointer)
    ring = [read_position(p, f"{pointer}/{i}", notes, _WIDEST_LON) for i, p in enumerate(positions)]
    if not ring:
        raise refuse("empty", "A ring has no positions.", pointer)
    if ring[0] != ring[-1]:
        ring.append(ring[0])
        notes.add("closed")
    if len(set(ring)) < 3:
        raise refuse("too_few_points", "A ring has at least three different corners.", pointer, ring[0])
    single = [position for position, _ in itertools.groupby(ring)]
    if len(single) < len(ring):
        notes.add("duplicate_points_dropped")
    return single


def _check_size(polygons: list[tuple[Any, str]]) -> None:
    """Count before anything is converted: a hostile million of vertices must cost nothing."""
    total, count = 0, 0
    for rings, pointer in polygons:
        count += len(_array(rings, pointer))
        _check_rings(count)
        total += sum(len(_array(ring, pointer)) for ring in rings)
    if total > MAX_VERTICES:
        raise refuse("too_many_vertices", f"{total} vertices; at most {MAX_VERTICES} are taken.", "")


def _check_rings(count: int) -> None:
    if count > MAX_RINGS:
        raise refuse("too_many_rings", f"{count} rings; at most {MAX_RINGS} are taken.", "")


def _check_crs(member: dict[str, Any], pointer: str, notes: set[str]) -> None:
    """RFC 7946 knows WGS84 only. A legacy `crs` that says so is dropped, any other is refused."""
    crs = member.get("crs")
    if crs is None:
        return
    name = (
        crs.get("properties", {}).get("name")
        if isinstance(crs, dict) and _is_object(crs, "properties")
        else None
    )
    if not isinstance(name, str) or not _WGS84.fullmatch(name.strip()):
        raise refuse("projected", "Only WGS84 longitude and latitude are taken.", f"{pointer}/crs")
    notes.add("crs_dropped")


def _is_object(member: dict[str, Any], key: str) -> bool:
    return isinstance(member.get(key), dict)


def _member(value: Any, pointer: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse("malformed", "Here stands something else than a GeoJSON object.", pointer)
    return value


def _array(value: Any, pointer: str) -> list[Any]:
    if not isinstance(value, list):
        raise refuse("malformed", "Here stands something else than a list.", pointer)
    return value


def _as_float(number: float, pointer: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise refuse("not_a_number", "This number is too large.", pointer) from None
