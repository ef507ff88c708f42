"""Whether two outlines are the same."""

from shapely import MultiPolygon


def same_shape(one: MultiPolygon, other: MultiPolygon) -> bool:
    """Whether they cover the same points, however they are written.

    What is written the same, or has another box, is told apart without looking at the edges.
    """
    if one.bounds != other.bounds:
        return False
    return one.wkb == other.wkb or bool(one.equals(other))
