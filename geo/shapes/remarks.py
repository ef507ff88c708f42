"""What a manager may want to look at when a zone is published or imported: it is reported and forbids nothing."""

from collections.abc import Iterable, Iterator

from shapely import MultiPolygon

from geo.shapes.advice import NOTICEABLE, Neighbour, share_a_floor
from geo.shapes.overlaps import Overlaps

# Hand-drawn outlines miss each other by a hair; less than a thousandth outside is no sticking out.
OUTSIDE = 0.001
_WHOLE = 0.99


def remarks(
    zone: Neighbour, home: MultiPolygon, siblings: Iterable[Neighbour], overlaps: Overlaps
) -> Iterator[str]:
    """`sticks_out_of_site`, `overlaps_sibling`, and `not_compared` when there was too much to compare."""
    if zone.polygon is None:
        return
    if overlaps.outside(zone.polygon, home).value > OUTSIDE:
        yield "sticks_out_of_site"
    if any(_overlap(zone, other, overlaps) for other in siblings if other.id != zone.id):
        yield "overlaps_sibling"
    if not overlaps.complete:
        yield "not_compared"


def _overlap(one: Neighbour, other: Neighbour, overlaps: Overlaps) -> bool:
    """Whether two zones share a part of both. A zone within another is nested, and two that are the same overlap."""
    if one.polygon is None or other.polygon is None or not share_a_floor(one.floors, other.floors):
        return False
    small, large = sorted((one.polygon, other.polygon), key=lambda polygon: polygon.area)
    share = overlaps.covered(small, large).value
    return NOTICEABLE < share < _WHOLE or (share >= _WHOLE and small.area > _WHOLE * large.area)
