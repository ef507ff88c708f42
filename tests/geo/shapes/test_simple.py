"""Outlines for phones: few corners, valid, and right wherever they are said to be."""

import math
import random
import time

import numpy as np
import orjson
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from geo.shapes.boundaries import wire_geometry
from geo.shapes.simple import geojson_text, simpler

# On the equator, where a degree is as long both ways.
_METRES = 111_320.0


def star(corners: int, jag: float, seed: int = 0, radius: float = 300.0) -> Polygon:
    """A ring of so many corners, each up to `jag` of the radius farther out."""
    chance = random.Random(seed)
    ring = []
    for corner in range(corners):
        angle, far = 2 * math.pi * corner / corners, radius * (1 + jag * chance.random())
        ring.append((far * math.cos(angle) / _METRES, far * math.sin(angle) / _METRES))
    return Polygon(ring)


def corners(shape: MultiPolygon) -> int:
    return int(shapely.get_num_coordinates(shape))


def is_honest(shape: MultiPolygon, simple: MultiPolygon, off: float, seed: int = 0) -> bool:
    """Whether both say the same of every point that is farther than `off` metres from the outline as it was drawn."""
    west, south, east, north = shape.bounds
    spread = np.random.default_rng(seed).uniform(-0.2, 1.2, (3_000, 2))
    points = shapely.points((west, south) + spread * (east - west, north - south))
    far = shapely.distance(shape.boundary, points) * _METRES > off + 0.02
    return bool((shapely.contains(shape, points) == shapely.contains(simple, points))[far].all())


def test_what_is_simple_is_left_as_it_is() -> None:
    shape = MultiPolygon([star(499, 0.1)])
    assert simpler(shape) == (shape, 0.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(501, 4_000), st.floats(0, 1.5), st.integers(0, 1_000), st.floats(20, 40_000))
def test_it_is_few_valid_and_right_where_it_says_so(n: int, jag: float, seed: int, radius: float) -> None:
    shape = MultiPolygon([star(n, jag, seed, radius)])
    simple, off = simpler(shape)
    assert corners(simple) <= 500
    assert simple.is_valid
    assert not simple.is_empty
    assert off > 0
    assert is_honest(shape, simple, off, seed)


def spiral(turns: int, corners: int) -> Polygon:
    """A band that winds around itself; simplified, its edges lie across each other."""
    far = [1 + turns * corner / corners for corner in range(corners)]
    angles = [2 * math.pi * each for each in far]
    inner = [(r * math.cos(a) / _METRES, r * math.sin(a) / _METRES) for r, a in zip(far, angles, strict=True)]
    outer = [
        ((r + 0.5) * math.cos(a) / _METRES, (r + 0.5) * math.sin(a) / _METRES)
        for r, a in zip(far, angles, strict=True)
    ]
    return Polygon(inner + outer[::-1])


@pytest.mark.parametrize("corners_drawn", [2_200, 12_000])
def test_what_crosses_itself_everywhere_when_it_is_simplified_is_not_made_valid_for_seconds(
    corners_drawn: int,
) -> None:
    shape = MultiPolygon([spiral(35 * corners_drawn // 2_200, corners_drawn)])
    assert shape.is_valid
    began = time.process_time()
    simple, off = simpler(shape)
    assert time.process_time() - began < 2
    assert simple.is_valid
    assert corners(simple) <= 500
    assert is_honest(shape, simple, off)


def test_thousands_of_parts_are_not_all_simplified_at_each_step() -> None:
    needles = [box(0, y * 1e-4, 9, y * 1e-4 + 5e-5) for y in range(1_500)]
    began = time.process_time()
    simple, _ = simpler(MultiPolygon(needles))
    assert time.process_time() - began < 1.5
    assert corners(simple) <= 500


@pytest.mark.parametrize("gap", [0.5, 5.0])
def test_parts_that_nearly_touch_and_holes_stay_valid(gap: float) -> None:
    """Two combs into each other, with a ring of holes."""
    left, right = star(2_000, 0.3), star(2_000, 0.3, 1)
    moved = shapely.affinity.translate(right, (left.bounds[2] - right.bounds[0]) + gap / _METRES)
    hole = shapely.affinity.scale(star(1_000, 0.2, 2), 0.3, 0.3)
    shape = MultiPolygon([left.difference(hole), moved])
    simple, off = simpler(shape)
    assert simple.is_valid
    assert corners(simple) <= 500
    assert is_honest(shape, simple, off)


def test_a_cloud_of_islands_becomes_its_hull_and_says_that_it_is_off_by_all_of_it() -> None:
    cloud = MultiPolygon(
        [box(x, y, x + 1e-3, y + 1e-3) for x in np.arange(30) / 100 for y in np.arange(30) / 100]
    )
    simple, off = simpler(cloud)
    assert simple.is_valid
    assert corners(simple) <= 500
    assert simple.buffer(1e-6).covers(cloud)
    assert off > Point(0, 0).distance(Point(0.29, 0.29)) * _METRES


@pytest.mark.parametrize("lat", [0.0, 60.0, 85.0])
def test_a_small_detailed_place_loses_a_few_metres_anywhere_on_earth(lat: float) -> None:
    wide = 1 / max(math.cos(math.radians(lat)), 1e-6)
    moved = shapely.affinity.translate(shapely.affinity.scale(star(20_000, 0.02), wide, 1.0), 20.0, lat)
    simple, off = simpler(MultiPolygon([moved]))
    assert 0 < off < 10
    assert simple.is_valid


def test_its_text_is_what_the_shape_is_on_the_wire() -> None:
    shape = MultiPolygon([star(50, 0.5), shapely.affinity.translate(star(60, 0.1), 1.0)])
    assert orjson.loads(geojson_text(shape)) == wire_geometry(shape)
    one = MultiPolygon([star(50, 0.5)])
    assert orjson.loads(geojson_text(one)) == wire_geometry(one)
