"""What the outline of a shape looks like: where its edges are, how tangled they are, how much simpler it could be.

All of it takes time in proportion to the corners, whatever the shape, which the library's own functions do not: thirty
thousand corners as a star of needles take it five seconds to check and seven to simplify.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon

# Edges of a real outline have a few neighbours. These many pairs of runs take a quarter of a second to check.
MOST_TANGLED = 150_000
_RUN = 8
_ROWS = 256
# A line of this many corners is simplified at a time, since the time for it may grow with their square.
_LINE = 500

Boxes = tuple[NDArray[np.float64], NDArray[np.float64]]


def edge_boxes(shape: MultiPolygon | Polygon, run: int = 1) -> Boxes:
    """The south-western and the north-eastern corners of the boxes around every `run` edges of a shape's rings."""
    boxes = [_boxes(ring, run) for ring in _rings(shape)]
    if not boxes:
        return np.empty((0, 2)), np.empty((0, 2))
    return np.concatenate([low for low, _ in boxes]), np.concatenate([high for _, high in boxes])


def is_tangled(shape: MultiPolygon) -> bool:
    """Whether so many edges lie across each other's boxes that to compare them would take seconds."""
    low, high = edge_boxes(shape, _RUN)
    meeting = 0
    for first in range(0, len(low), _ROWS):
        here = slice(first, first + _ROWS)
        apart = (low[here, None, 0] > high[:, 0]) | (low[:, 0] > high[here, None, 0])
        apart |= (low[here, None, 1] > high[:, 1]) | (low[:, 1] > high[here, None, 1])
        meeting += apart.size - int(apart.sum())
        if meeting > MOST_TANGLED:
            return True
    return False


def crossings(parts: Sequence[Polygon]) -> int:
    """How often edges of these outlines cross; each is compared with each, so let them be few."""
    rings = [ring for part in parts for ring in _rings(part)]
    if not rings:
        return 0
    start, end = (np.concatenate([ring[cut] for ring in rings]) for cut in (slice(None, -1), slice(1, None)))
    x, y = (end - start).T[:, :, None]

    def side(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        """On which side of each edge each of the corners lies."""
        along, across = (corners[None] - start[:, None]).transpose(2, 0, 1)
        return x * across - y * along

    apart = side(start) * side(end) < 0
    return int((apart & apart.T).sum()) // 2


def simplified(polygon: Polygon, tolerance: float) -> Polygon | None:
    """The polygon with fewer corners, none of which moves farther than `tolerance`; None where nothing is left.

    It may touch itself where it is very narrow.
    """
    shell, *holes = _rings(polygon)
    outer = _simplified(shell, tolerance)
    if len(outer) < 4:
        return None
    inner = [hole for ring in holes if len(hole := _simplified(ring, tolerance)) >= 4]
    return Polygon(outer, inner)


def _simplified(ring: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    lines = [LineString(ring[at : at + _LINE + 1]) for at in range(0, len(ring) - 1, _LINE)]
    simple = [shapely.get_coordinates(line.simplify(tolerance, preserve_topology=False)) for line in lines]
    return np.concatenate([ring[:1], *(line[1:] for line in simple)])


def _rings(shape: MultiPolygon | Polygon) -> Iterator[NDArray[np.float64]]:
    for part in shapely.get_parts(shape):
        yield from (shapely.get_coordinates(ring) for ring in shapely.get_rings(part))


def _boxes(ring: NDArray[np.float64], run: int) -> Boxes:
    first, start, end = np.arange(0, len(ring) - 1, run), ring[:-1], ring[1:]
    low = np.minimum.reduceat(np.minimum(start, end), first)
    return low, np.maximum.reduceat(np.maximum(start, end), first)
