"""The forms in which a boundary is sent, made once when it is drawn: an answer takes them as they are.

Whole for who edits it, simple for phones, and the circle that a phone's system watches.
"""

from dataclasses import dataclass
from typing import Any

from shapely import MultiPolygon, get_num_coordinates

from geo.engine.circles import Circle, enclosing_circle
from geo.shapes.boundaries import Boundary, parse_boundary
from geo.shapes.simple import geojson_text, simpler


@dataclass(frozen=True)
class Forms:
    """The texts are GeoJSON. `simple` is None where the whole is simple enough; it is `simplified_m` metres off."""

    whole: str
    simple: str | None
    simplified_m: float
    corners: int
    circle: Circle

    def columns(self) -> dict[str, Any]:
        """As they are kept beside the boundary."""
        circle = [self.circle.lon, self.circle.lat, self.circle.radius]
        return {
            "whole": self.whole,
            "simple": self.simple,
            "simplified_m": self.simplified_m,
            "corners": self.corners,
            "circle": circle,
        }


@dataclass(frozen=True)
class Drawn:
    """A checked boundary, ready to be kept."""

    boundary: Boundary
    forms: Forms

    @property
    def polygon(self) -> MultiPolygon:
        """Its shape."""
        return self.boundary.polygon


def draw(geojson: Any, pointer: str = "/geometry") -> Drawn:
    """Check and normalise GeoJSON, and make its forms; raises `BoundaryRefused` only."""
    return drawn(parse_boundary(geojson, pointer))


def drawn(boundary: Boundary) -> Drawn:
    """A checked boundary with its forms."""
    return Drawn(boundary, forms_of(boundary.polygon))


def forms_of(shape: MultiPolygon) -> Forms:
    """All forms of a shape."""
    simple, off = simpler(shape)
    text = None if simple is shape else geojson_text(simple)
    return Forms(geojson_text(shape), text, off, int(get_num_coordinates(shape)), enclosing_circle(shape))
