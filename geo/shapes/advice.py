"""Advice on a fence before it is published: what will not work well in the field, and what may be a slip.

Pure: polygons in, advice out, nothing is forbidden. Lengths and areas are taken in a local plane frame around the
shape (metres), which is exact enough for advice; shares are ratios of plane areas.

How wide a shape is, is the diameter of the largest circle that fits into it. A phone's fix outdoors is good to 5 to
10 m and indoors to 20 to 40 m, so a fence narrower than 20 m decides by chance, and one under 40 m now and then.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from pyproj import Geod
from shapely import LineString, MultiPolygon, Point, get_num_coordinates, maximum_inscribed_circle
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from base.text import alike
from geo.shapes.outlines import simplified
from geo.shapes.overlaps import Overlaps, Share

TOO_NARROW_M, NARROW_M = 20.0, 40.0
SLIVER_RATIO = 20.0
FAR_M = 1_000.0
SWAPPED_M = 20_000.0
HUGE_M2 = 100e6
MANY_VERTICES = 500
# A jagged outline of more corners would take seconds to measure; it gets `many_vertices` in any case.
_MOST_FOR_WIDTH = 3_000
_MOST_MEASURED = 1_000
NOTICEABLE = 0.01
MAX_NAMED = 20
_METRES_A_DEGREE = 111_320.0
_GEOD = Geod(ellps="WGS84")
_DETAILS = {
    "too_small_for_gps": "The place is smaller than what a phone's position can tell; use a QR code or beacon.",
    "small_for_gps": "The place is small; some will be taken for in or out by mistake. A QR code or beacon helps.",
    "sliver": "The place is long and thin; people will seem to leave it while they walk along.",
    "lon_lat_swapped": "With longitude and latitude exchanged, this would lie next to your places.",
    "overlaps_sibling": "The place overlaps another one.",
    "sticks_out_of_site": "A part of the zone lies outside of its site.",
    "duplicate_name": "Another place has the same name.",
    "far_from_site": "The place lies more than a kilometre away from its site.",
    "huge": "The place is larger than 100 square kilometres.",
    "many_vertices": "A simpler outline would do, and be faster on phones.",
    "not_compared": "Not all other places were compared with this one: the outlines are too detailed.",
}


@dataclass(frozen=True)
class Advice:
    """One remark. `place_id` is the other place that it is about; `share` goes from 0 to 1 and may be estimated."""

    code: str
    severity: Literal["info", "warning"] = "warning"
    place_id: UUID | None = None
    share: float | None = None
    estimated: bool = False

    @property
    def detail(self) -> str:
        """The sentence, in English."""
        return _DETAILS[self.code]

    def wire(self) -> dict[str, Any]:
        """The form of the answer."""
        return {
            "code": self.code,
            "severity": self.severity,
            "detail": self.detail,
            "place_id": None if self.place_id is None else str(self.place_id),
            "share": None if self.share is None else round(self.share, 4),
            "estimated": self.estimated,
        }


@dataclass(frozen=True)
class Neighbour:
    """Another place: a sibling zone of a zone, another site of a site."""

    id: UUID
    name: str
    polygon: MultiPolygon | None = None  # None where it does not come near
    floors: tuple[int, int] | None = None


@dataclass(frozen=True)
class Surroundings:
    """What a draft is judged against. `home` is a zone's site, or where a site has been up to now."""

    home: MultiPolygon | None
    neighbours: Sequence[Neighbour] = ()
    parts: Sequence[Neighbour] = ()


@dataclass(frozen=True)
class Draft:
    """What a manager has drawn and not yet published. Area in square metres."""

    kind: Literal["site", "zone"]
    name: str | None
    polygon: MultiPolygon
    area_m2: float
    floors: tuple[int, int] | None = None


def advise(draft: Draft, around: Surroundings) -> list[Advice]:
    """All advice on a draft, warnings first. What there is to compare is compared within one `Overlaps`."""
    overlaps = Overlaps()
    found = [
        *_on_shape(draft),
        *_on_position(draft, around),
        *_on_home(draft, around.home, overlaps),
        *_on_names(draft, around.neighbours),
        *_on_neighbours(draft, around.neighbours, overlaps),
        *_on_parts(draft, around.parts, overlaps),
    ]
    if not overlaps.complete:
        found.append(Advice("not_compared", "info"))
    return sorted(found, key=lambda advice: advice.severity == "info")


def swapped(polygon: MultiPolygon) -> MultiPolygon | None:
    """The shape with longitude and latitude exchanged, where that is a place on earth."""
    west, _, east, _ = polygon.bounds
    if max(abs(west), abs(east)) > 90:
        return None
    return affine_transform(polygon, [0, 1, 1, 0, 0, 0])


def distance_m(one: BaseGeometry, other: BaseGeometry) -> float:
    """Metres between two shapes; 0 where they touch. The nearest corners are looked for in plane degrees."""
    here, there = nearest_points(_comparable(one), _comparable(other))
    return abs(_GEOD.inv(here.x, here.y, there.x, there.y)[2])


def _comparable(shape: BaseGeometry) -> BaseGeometry:
    """The shape, or its box where it is too jagged to be measured against: every edge is, against every other."""
    return shape if get_num_coordinates(shape) <= _MOST_MEASURED else shape.envelope


def _on_shape(draft: Draft) -> Iterable[Advice]:
    if draft.area_m2 > HUGE_M2:
        yield Advice("huge", "info" if draft.kind == "site" else "warning")
    else:
        yield from _on_width(draft.polygon)
    vertices = int(get_num_coordinates(draft.polygon))
    if vertices > MANY_VERTICES:
        simpler = [simplified(part, 1.0) for part in _metric(draft.polygon).geoms]
        left = int(get_num_coordinates([part for part in simpler if part is not None]).sum())
        yield Advice("many_vertices", "info", share=left / vertices)


def _on_position(draft: Draft, around: Surroundings) -> Iterable[Advice]:
    if around.home is None:
        return
    away = distance_m(draft.polygon, around.home)
    exchanged = swapped(draft.polygon)
    if away > SWAPPED_M and exchanged is not None and distance_m(exchanged, around.home) < SWAPPED_M:
        yield Advice("lon_lat_swapped")
    if away > FAR_M:
        yield Advice("far_from_site")


def _on_home(draft: Draft, home: MultiPolygon | None, overlaps: Overlaps) -> Iterable[Advice]:
    if draft.kind == "zone" and home is not None:
        share = overlaps.outside(draft.polygon, home)
        if share.value > NOTICEABLE:
            yield _sticking_out(share)


def _on_names(draft: Draft, neighbours: Sequence[Neighbour]) -> Iterable[Advice]:
    name = None if draft.name is None else alike(draft.name)
    for other in [n for n in neighbours if name is not None and alike(n.name) == name][:MAX_NAMED]:
        yield Advice("duplicate_name", "warning", other.id)


def _on_neighbours(draft: Draft, neighbours: Sequence[Neighbour], overlaps: Overlaps) -> Iterable[Advice]:
    found = [
        Advice("overlaps_sibling", "info", other.id, share.value, share.estimated)
        for other in neighbours
        if other.polygon is not None
        and share_a_floor(draft.floors, other.floors)
        and (share := overlaps.covered(draft.polygon, other.polygon)).value > NOTICEABLE
    ]
    return _largest(found)


def _on_parts(draft: Draft, parts: Sequence[Neighbour], overlaps: Overlaps) -> Iterable[Advice]:
    """The zones of a site that would stick out of its new boundary."""
    found = [
        _sticking_out(share, part.id)
        for part in parts
        if part.polygon is not None
        and (share := overlaps.outside(part.polygon, draft.polygon)).value > NOTICEABLE
    ]
    return _largest(found)


def _sticking_out(share: Share, place_id: UUID | None = None) -> Advice:
    severity = "info" if share.value < 0.5 else "warning"
    return Advice("sticks_out_of_site", severity, place_id, share.value, share.estimated)


def _largest(found: list[Advice]) -> list[Advice]:
    return sorted(found, key=lambda advice: (advice.share, advice.place_id), reverse=True)[:MAX_NAMED]


def share_a_floor(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    """Whether two places may be on one floor; None spans all."""
    return one is None or other is None or (one[0] <= other[1] and other[0] <= one[1])


def _on_width(polygon: MultiPolygon) -> Iterable[Advice]:
    """How wide the largest part is at its widest: the diameter of the largest circle within it."""
    part = max(_metric(polygon).geoms, key=lambda part: part.area)
    west, south, east, north = part.bounds
    tolerance = max(0.05, min(east - west, north - south) / 200)
    outline = simplified(part, tolerance / 2)
    if outline is None or get_num_coordinates(outline) > _MOST_FOR_WIDTH:
        return
    reach = cast("LineString", maximum_inscribed_circle(outline, tolerance=cast("Any", tolerance)))
    width = 2 * reach.length
    if width < NARROW_M:
        yield Advice("too_small_for_gps") if width < TOO_NARROW_M else Advice("small_for_gps", "info")
    if part.area > SLIVER_RATIO * width**2:
        yield Advice("sliver")


def _metric(polygon: MultiPolygon) -> MultiPolygon:
    """The shape in metres around its own middle."""
    west, south, east, north = polygon.bounds
    middle = Point((west + east) / 2, (south + north) / 2)
    x, y = _METRES_A_DEGREE * max(math.cos(math.radians(middle.y)), 1e-6), _METRES_A_DEGREE
    return affine_transform(polygon, [x, 0, 0, y, -middle.x * x, -middle.y * y])
