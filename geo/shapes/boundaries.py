"""Boundaries of sites and zones: what is taken, what is set right, what is refused.

Taken and set right, because it has one clear meaning (`notes` says what was done): rings wound the wrong way, rings
that are not closed, points that stand there twice, heights, a legacy `crs` member that says WGS84, rings across the
antimeridian (see `geo/shapes/antimeridian.py`). Refused, because a guess would draw another place than was meant: rings
that cross, holes outside, projected metres, rings around a pole.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyproj import Geod
from shapely import MultiPolygon, Polygon, get_num_coordinates, is_ccw, is_valid_reason
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from geo.shapes.antimeridian import cut, unwrapped, wrapped_lon
from geo.shapes.geojson import BoundaryRefused, Position, Ring, read_polygons, read_position, refuse
from geo.shapes.outlines import is_tangled

__all__ = [
    "MAX_FEATURES",
    "Boundary",
    "BoundaryRefused",
    "features_of",
    "parse_boundary",
    "parse_collection",
    "parse_feature",
    "parse_point",
    "properties_of",
    "wire_geometry",
]

_GEOD = Geod(ellps="WGS84")
MAX_FEATURES = 50_000
_DECIMALS = 7  # a centimetre
_REASON = re.compile(r"(?P<reason>[^[]+)(?:\[(?P<x>\S+) (?P<y>\S+)\])?")
_CODES = {
    "Self-intersection": ("self_crossing", "The outline crosses itself."),
    "Ring Self-intersection": ("self_crossing", "The outline touches itself."),
    "Hole lies outside shell": ("hole_outside", "A hole lies outside of its polygon."),
    "Holes are nested": ("holes_overlap", "A hole lies within another one."),
    "Nested shells": ("parts_overlap", "A part lies within another one."),
    "Interior is disconnected": ("disconnected", "The holes cut the polygon apart."),
    "Duplicate Rings": ("parts_overlap", "The same ring stands there twice."),
    "Too few points in geometry component": (
        "too_few_points",
        "A ring has at least three different corners.",
    ),
}


@dataclass(frozen=True)
class Boundary:
    """A checked boundary: outer rings counter-clockwise, two dimensions, WGS84. The area is in square metres."""

    polygon: MultiPolygon
    notes: tuple[str, ...]
    area_m2: float
    vertices: int


def parse_boundary(geojson: Any, pointer: str = "/geometry") -> Boundary:
    """Check and normalise a GeoJSON Polygon, MultiPolygon or Feature of one; raises `BoundaryRefused` only."""
    notes: set[str] = set()
    parts = read_polygons(geojson, pointer, notes)
    if not parts:
        raise refuse("empty", "A boundary has at least one polygon.", pointer)
    polygon = MultiPolygon([piece for rings, where in parts for piece in _pieces(rings, where, notes)])
    _check_valid(polygon, pointer)
    area = abs(_GEOD.geometry_area_perimeter(polygon)[0])
    if area <= 0 and polygon.area > 1:  # on a globe, all of it and nothing have the same outline
        raise refuse(
            "ambiguous", "The boundary takes in the whole world; draw the part that is meant.", pointer
        )
    if area <= 0 or not math.isfinite(area):
        raise refuse("too_few_points", "The boundary encloses no area.", pointer)
    return Boundary(polygon, tuple(sorted(notes)), area, int(get_num_coordinates(polygon)))


def features_of(geojson: Any) -> list[Any]:
    """The features of a FeatureCollection, unread; raises `BoundaryRefused` when it is none."""
    if not isinstance(geojson, dict) or geojson.get("type") != "FeatureCollection":
        raise refuse("malformed", "This is no GeoJSON FeatureCollection.", "")
    features = geojson.get("features")
    if not isinstance(features, list):
        raise refuse("malformed", "A FeatureCollection has a list of features.", "/features")
    if len(features) > MAX_FEATURES:
        detail = f"{len(features)} features; at most {MAX_FEATURES} are taken at once."
        raise refuse("too_many_features", detail, "/features")
    return features


def parse_collection(geojson: Any) -> Iterator[tuple[int, dict[str, Any], Boundary | BoundaryRefused]]:
    """The features of a FeatureCollection: index, properties, and the boundary or why there is none.

    Raises `BoundaryRefused` at once when it is no FeatureCollection.
    """
    features, crs = features_of(geojson), geojson.get("crs")
    return ((i, *parse_feature(feature, f"/features/{i}", crs)) for i, feature in enumerate(features))


def parse_feature(
    feature: Any, pointer: str, crs: Any = None
) -> tuple[dict[str, Any], Boundary | BoundaryRefused]:
    """The properties of a feature, and its boundary or why there is none; `crs` is what its collection says."""
    known = properties_of(feature)
    try:
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise refuse("malformed", "This is no GeoJSON Feature.", pointer)
        if not isinstance(feature.get("properties", None), dict | None):
            raise refuse("malformed", "The properties of a feature are an object.", f"{pointer}/properties")
        whole = feature if crs is None or "crs" in feature else {**feature, "crs": crs}
        return known, parse_boundary(whole, pointer)
    except BoundaryRefused as refusal:
        return known, refusal


def properties_of(feature: Any) -> dict[str, Any]:
    """The properties of what may be a feature; nothing where there are none."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def parse_point(geojson: Any, pointer: str = "/point") -> Position:
    """The longitude and latitude of a GeoJSON Point; raises `BoundaryRefused`."""
    if not isinstance(geojson, dict) or geojson.get("type") != "Point":
        raise refuse("malformed", "This is no GeoJSON Point.", pointer)
    return read_position(geojson.get("coordinates"), f"{pointer}/coordinates", set())


def wire_geometry(geometry: BaseGeometry) -> dict[str, Any]:
    """The GeoJSON of a stored boundary: a Polygon where it has one part."""
    polygons = [_coordinates(part) for part in getattr(geometry, "geoms", [geometry])]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _pieces(rings: list[Ring], pointer: str, notes: set[str]) -> list[Polygon]:
    """The polygon, cut in two where it crosses the antimeridian."""
    straight = unwrapped(rings, pointer)
    if straight is rings:
        return [_polygon(rings, pointer, notes)]
    polygon = _polygon(straight, pointer, notes)
    # A crossing has to be found before the cut, which would fail on it.
    _check_valid(MultiPolygon([polygon]), pointer)
    pieces = cut(polygon)
    notes.add("longitude_wrapped" if len(pieces) == 1 else "cut_at_antimeridian")
    return [orient(piece) for piece in pieces]


def _polygon(rings: list[Ring], pointer: str, notes: set[str]) -> Polygon:
    try:
        polygon = Polygon(rings[0], rings[1:])
    except ValueError:
        detail = "A ring has at least three different corners."
        raise refuse("too_few_points", detail, pointer, rings[0][0]) from None
    if not is_ccw(polygon.exterior) or any(is_ccw(hole) for hole in polygon.interiors):
        notes.add("rewound")
    return orient(polygon)


def _check_valid(polygon: MultiPolygon, pointer: str) -> None:
    if is_tangled(polygon):
        detail = "Too many edges of this outline run side by side; draw it with fewer."
        raise refuse("too_intricate", detail, pointer)
    if polygon.is_valid:
        return
    found = _REASON.match(is_valid_reason(polygon))
    reason = found["reason"].strip() if found else ""
    at = (wrapped_lon(float(found["x"])), float(found["y"])) if found and found["x"] else None
    code, detail = _CODES.get(reason, ("invalid", f"The polygon is not valid: {reason}."))
    raise refuse(code, detail, pointer, at)


def _coordinates(polygon: Polygon) -> list[list[list[float]]]:
    rings = [polygon.exterior, *polygon.interiors]
    return [[[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y, *_ in ring.coords] for ring in rings]
