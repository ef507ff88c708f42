"""How much shapes overlap: exactly where that is cheap, by points where not, and never without end."""

import math
from typing import Any
from uuid import UUID

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from geo.shapes.advice import Draft, Neighbour, Surroundings, advise
from geo.shapes.boundaries import BoundaryRefused, parse_boundary
from geo.shapes.outlines import edge_boxes, simplified
from geo.shapes.overlaps import NOTHING, Overlaps, Share

OTHER = UUID(int=7)


def comb(teeth: int, turned: bool = False) -> MultiPolygon:
    """Four corners a tooth; the teeth stand on end, or lie."""
    size = 0.01
    corners = [(0.0, -size / 100)]
    for n in range(teeth):
        west, middle = n * size / teeth, (n + 0.5) * size / teeth
        corners += [(west, 0.0), (west, size), (middle, size), (middle, 0.0)]
    corners += [(size, 0.0), (size, -size / 100)]
    return MultiPolygon([Polygon([(y, x) if turned else (x, y) for x, y in corners])])


def star(needles: int) -> dict[str, Any]:
    ring = [
        [r * math.cos(math.pi * n / needles), r * math.sin(math.pi * n / needles)]
        for n in range(2 * needles)
        for r in [0.01 if n % 2 else 0.002]
    ]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


@pytest.mark.parametrize("teeth", [300, 7_000])
def test_combs_that_cross_everywhere_are_estimated(teeth: int) -> None:
    for share in (
        Overlaps().covered(comb(teeth), comb(teeth, turned=True)),
        Overlaps().outside(comb(teeth), comb(teeth, turned=True)),
    ):
        assert share.estimated
        assert share.value == pytest.approx(0.5, abs=0.05)


def test_few_edges_near_each_other_are_measured_however_many_there_are_elsewhere() -> None:
    room = MultiPolygon([shapely.box(0.0099, -0.0001, 0.0101, 0.0)])
    assert Overlaps().outside(room, comb(7_000)) == Share(pytest.approx(0.5))


def test_a_shape_too_thin_for_any_point_is_judged_by_its_corners() -> None:
    one, other = comb(100), comb(100, turned=True)
    hair = MultiPolygon([*one.geoms, Polygon([(-90, 90), (90, -90), (90, -90 + 1e-9)])])
    assert Overlaps().covered(hair, other) == Share(pytest.approx(0.5, abs=0.1), estimated=True)


@given(st.tuples(*[st.floats(0, 1)] * 4), st.tuples(*[st.floats(0, 1)] * 4))
def test_shares_are_those_of_the_areas(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    a, b = (MultiPolygon([shapely.box(x, y, x + w + 0.1, y + h + 0.1)]) for x, y, w, h in (one, other))
    covered = a.intersection(b).area / a.area
    assert Overlaps().covered(a, b).value == pytest.approx(covered, abs=1e-6)
    assert Overlaps().outside(a, b).value == pytest.approx(1 - covered, abs=1e-6)


def test_a_request_compares_only_so_much() -> None:
    overlaps = Overlaps()
    shares = [overlaps.covered(comb(7_000), comb(7_000, turned=True)) for _ in range(10)]
    assert shares[0].estimated
    assert shares[-1] == NOTHING
    assert not overlaps.complete


def test_a_hundred_jagged_neighbours_are_not_all_compared_and_the_advice_says_so() -> None:
    near = [Neighbour(OTHER, "Comb", comb(3_000, turned=True))] * 100
    found = {a.code: a for a in advise(Draft("zone", None, comb(3_000), 1e5), Surroundings(None, near))}
    assert found["overlaps_sibling"].estimated
    assert found["not_compared"].severity == "info"


def test_a_star_of_needles_is_refused_at_once_and_a_smaller_one_taken() -> None:
    with pytest.raises(BoundaryRefused) as refused:
        parse_boundary(star(14_995))
    assert refused.value.code == "boundary_too_intricate"
    assert parse_boundary(star(1_000)).vertices == 2_001


def test_a_simpler_outline_stays_within_the_tolerance() -> None:
    ring = [(math.cos(n / 400) * 100, math.sin(n / 400) * 100) for n in range(2_513)]
    whole = Polygon(ring, [[(x / 2, y / 2) for x, y in ring]])
    simple = simplified(whole, 1.0)
    assert simple is not None
    assert shapely.get_num_coordinates(simple) < 150
    assert shapely.hausdorff_distance(whole, simple) < 1.1
    assert simplified(shapely.box(0, 0, 0.1, 0.1), 1.0) is None


@pytest.mark.parametrize("run", [1, 3, 8])
def test_boxes_around_edges_hold_them(run: int) -> None:
    holed = MultiPolygon(
        [shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6)), shapely.box(20, 0, 21, 1)]
    )
    low, high = edge_boxes(holed, run)
    assert len(low) == sum(math.ceil(4 / run) for _ in range(3))
    assert (low.min(axis=0).tolist(), high.max(axis=0).tolist()) == ([0, 0], [21, 9])
