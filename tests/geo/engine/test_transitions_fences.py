"""Distances to boundaries: as small as a desk, as large as a country, at the poles and across the antimeridian."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.engine.fences import SIGHT_M, Fence, Fix, metres_between

DEGREE_M = 111_320.0
DESK = MultiPolygon([box(127, 37.5, 127 + 1.6e-6, 37.5 + 1.3e-6)])
COUNTRY = MultiPolygon([box(100, 20, 130, 60)])
FIJI = MultiPolygon([box(179, -18, 180, -16), box(-180, -18, -179.9, -16)])
ANTARCTICA = MultiPolygon([box(-180, -90, 180, -60)])


def metres(polygon: MultiPolygon, lon: float, lat: float) -> float:
    return Fence(polygon).distance(Fix(0, lon, lat))


def test_inside_and_on_the_edge_the_distance_is_nothing() -> None:
    for lon, lat in ((100, 20), (115, 40), (130, 60), (100, 33.3)):
        assert metres(COUNTRY, lon, lat) == 0


@pytest.mark.parametrize("lat", [20.001, 40, 59.999])
def test_a_country_is_measured_where_the_fix_is(lat: float) -> None:
    aside = 100 / (DEGREE_M * math.cos(math.radians(lat)))
    assert metres(COUNTRY, 130 + aside, lat) == pytest.approx(100, rel=1e-3)


def test_beyond_sight_it_is_far() -> None:
    assert metres(COUNTRY, 115, 60 + (SIGHT_M - 1) / DEGREE_M) == pytest.approx(SIGHT_M - 1, rel=1e-3)
    assert metres(COUNTRY, 115, 60 + (SIGHT_M + 1) / DEGREE_M) == math.inf
    assert metres(COUNTRY, -60, -10) == math.inf


def test_a_desk_is_a_place() -> None:
    desk = Fence(DESK)
    assert desk.room == pytest.approx(0.14, abs=0.01)
    assert desk.distance(Fix(0, 127, 37.5 - 10 / DEGREE_M)) == pytest.approx(10, rel=1e-3)


def test_a_hole_is_outside() -> None:
    courtyard = MultiPolygon([box(127, 37, 127.01, 37.01) - box(127.004, 37.004, 127.006, 37.006)])
    assert metres(courtyard, 127.005, 37.0041) == pytest.approx(11.1, abs=0.1)


def test_the_antimeridian_is_no_distance() -> None:
    east_only = MultiPolygon([box(179, -18, 180, -16)])
    assert metres(east_only, -179.9995, -17) == pytest.approx(53, abs=0.5)
    assert metres(east_only, 179.5, -17) == 0
    assert metres(FIJI, 180, -17) == metres(FIJI, -180, -17) == 0


@settings(max_examples=200, deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90), st.sampled_from([DESK, COUNTRY, FIJI, ANTARCTICA]))
def test_anywhere_on_earth_has_a_distance(lon: float, lat: float, polygon: MultiPolygon) -> None:
    distance = metres(polygon, lon, lat)
    assert distance >= 0
    assert (distance == 0) == polygon.covers(Point(lon, lat)) or distance < 1e-6


@settings(max_examples=100, deadline=None)
@given(st.floats(-0.001, 0.001), st.floats(-0.001, 0.001))
def test_the_frame_around_a_fix_agrees_with_the_globe(east: float, north: float) -> None:
    corner, fix = Fix(0, 127, 37.5), Fix(0, 127 - abs(east), 37.5 - abs(north))
    distance = Fence(MultiPolygon([box(127, 37.5, 128, 38)])).distance(fix)
    if distance < math.inf:
        assert distance == pytest.approx(metres_between(corner, fix), rel=3e-3, abs=0.01)


def plainly(polygon: MultiPolygon, fix: Fix) -> float:
    """Metres to the nearest edge, one after the other, in the plane around the fix."""
    shrink = math.cos(math.radians(fix.lat))
    nearest = math.inf
    for ring in (ring for part in polygon.geoms for ring in (part.exterior, *part.interiors)):
        corners = [((x - fix.lon) * DEGREE_M * shrink, (y - fix.lat) * DEGREE_M) for x, y in ring.coords]
        nearest = min(
            nearest, *(LineString(edge).distance(Point(0, 0)) for edge in itertools.pairwise(corners))
        )
    return nearest


@settings(max_examples=200, deadline=None)
@given(
    st.integers(3, 60),
    st.integers(3, 20),
    st.floats(0.0002, 0.004),
    st.floats(-0.005, 0.005),
    st.floats(-0.005, 0.005),
)
def test_distances_are_those_to_the_nearest_of_all_edges(
    corners: int, holes: int, radius: float, east: float, north: float
) -> None:
    def ring(count: int, radius: float) -> list[tuple[float, float]]:
        turns = [2 * math.pi * n / count for n in range(count)]
        return [
            (127 + radius * math.cos(a), 37.5 + radius * math.sin(a) * (1 + 0.3 * math.sin(9 * a)))
            for a in turns
        ]

    apart = box(127.006, 37.5, 127.0062, 37.5002)
    polygon = MultiPolygon([Polygon(ring(corners, radius), [ring(holes, radius / 9)]), apart])
    fix = Fix(0, 127 + east, 37.5 + north)
    wanted = 0.0 if polygon.intersects(Point(fix.lon, fix.lat)) else plainly(polygon, fix)
    assert Fence(polygon).distance(fix) == pytest.approx(wanted if wanted <= SIGHT_M else math.inf, abs=1e-6)


def test_a_pole_and_the_opposite_of_it_are_places_on_earth() -> None:
    assert metres(ANTARCTICA, 12, -90) == 0
    assert metres(ANTARCTICA, 12, 90) == math.inf
    assert metres_between(Fix(0, 0, 90), Fix(0, 0, -90)) == pytest.approx(20_015_114, rel=1e-4)
