"""Reads the validity cases of the JTS test suite: WKT in plane units, with the suite's own verdict."""

import re
from typing import Any

import numpy as np
from shapely import Polygon, from_wkt
from shapely.errors import ShapelyError

# A thousandth of the suite's units in degrees lies well within the world and keeps every topology.
_SCALE = 0.001
_CASE = re.compile(r"<case>(.*?)</case>", re.DOTALL)
_WKT = re.compile(r"<a>(.*?)</a>", re.DOTALL)
_VERDICT = re.compile(r"<op name=\"isValid\"[^>]*>\s*(true|false)\s*</op>")


def read_cases(text: str) -> list[tuple[dict[str, Any], bool]]:
    """The polygons of the suite as GeoJSON in degrees, each with whether it is valid; empty ones are left out."""
    cases: list[tuple[dict[str, Any], bool]] = []
    for case in _CASE.findall(text):
        wkt, verdict = _WKT.search(case), _VERDICT.search(case)
        geojson = None if wkt is None else _polygons(wkt[1].strip())
        if geojson is not None and verdict is not None:
            cases.append((geojson, verdict[1] == "true"))
    return cases


def _polygons(wkt: str) -> dict[str, Any] | None:
    try:
        with np.errstate(invalid="ignore"):  # some cases hold NaN, to be refused
            shape = from_wkt(wkt)
    except ShapelyError:
        return None
    parts = [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, Polygon)]
    if not parts or shape.is_empty or len(parts) != len(getattr(shape, "geoms", [shape])):
        return None
    return {"type": "MultiPolygon", "coordinates": [_rings(part) for part in parts]}


def _rings(polygon: Polygon) -> list[list[list[float]]]:
    rings = [polygon.exterior, *polygon.interiors]
    return [[[x * _SCALE, y * _SCALE] for x, y, *_ in ring.coords] for ring in rings]
