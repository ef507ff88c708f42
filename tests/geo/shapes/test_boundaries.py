"""The parser of boundaries: what it takes, what it sets right, what it refuses, and that nothing surprises it."""

import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.shapes.boundaries import Boundary, BoundaryRefused, parse_boundary, parse_collection, wire_geometry


def polygon(*rings: list[list[Any]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def refusal(geojson: Any) -> BoundaryRefused:
    with pytest.raises(BoundaryRefused) as caught:
        parse_boundary(geojson)
    return caught.value


BOX = [[179, 0], [-179, 0], [-179, 2], [179, 2], [179, 0]]
HOLE = [[179.5, 0.5], [179.5, 1.5], [-179.5, 1.5], [-179.5, 0.5], [179.5, 0.5]]


def test_a_ring_across_the_antimeridian_is_cut() -> None:
    boundary = parse_boundary(polygon(BOX))
    assert boundary.notes == ("cut_at_antimeridian",)
    assert [part.bounds for part in boundary.polygon.geoms] == [(179, 0, 180, 2), (-180, 0, -179, 2)]
    assert parse_boundary(wire_geometry(boundary.polygon)).notes == ()


def test_its_hole_is_cut_too() -> None:
    whole, pierced = parse_boundary(polygon(BOX)), parse_boundary(polygon(BOX, HOLE))
    assert pierced.area_m2 == pytest.approx(whole.area_m2 * 0.75, rel=0.01)
    assert pierced.polygon.is_valid


def test_a_hole_on_one_side_stays_where_it_is() -> None:
    east = [[-179.8, 0.5], [-179.8, 1], [-179.5, 1], [-179.5, 0.5], [-179.8, 0.5]]
    boundary = parse_boundary(polygon(BOX, east))
    assert [len(part.interiors) for part in boundary.polygon.geoms] == [0, 1]


@pytest.mark.parametrize(
    ("code", "ring"),
    [
        ("encloses_pole", [[45, 40], [135, 40], [-135, 40], [-45, 40], [45, 40]]),
        ("ambiguous", [[-179, 0], [1, 0], [179, 1], [-179, 0]]),
        ("ambiguous", [[-180, -60], [180, -60], [180, 60], [-180, 60], [-180, -60]]),
        ("out_of_range", [[-190, 52], [12, 51], [13, 52], [-190, 52]]),
        ("out_of_range", [[600, 52], [601, 51], [602, 52], [600, 52]]),
        ("self_crossing", [[179, 0], [-179, 2], [-179, 0], [179, 2], [179, 0]]),
    ],
)
def test_what_has_more_than_one_meaning_is_refused_with_its_place(code: str, ring: list[list[float]]) -> None:
    problem = refusal(polygon(ring))
    assert problem.code == f"boundary_{code}"
    assert problem.extra["at"] is not None
    assert abs(problem.extra["at"][0]) <= 180 or code == "out_of_range"


def test_a_pole_may_be_an_edge() -> None:
    cap = [[-180, -80], [-180, -90], [180, -90], [180, -80], [90, -75], [0, -80], [-90, -75], [-180, -80]]
    assert parse_boundary(polygon(cap)).notes == ("rewound",) or parse_boundary(polygon(cap)).notes == ()


def test_a_shape_drawn_on_the_next_copy_of_the_world_comes_back() -> None:
    boundary = parse_boundary(polygon([[487, 37], [488, 37], [488, 38], [487, 37]]))
    assert (boundary.polygon.bounds, boundary.notes) == ((127, 37, 128, 38), ("longitude_wrapped",))


@pytest.mark.parametrize(
    ("note", "ring"),
    [
        ("closed", [[0, 0], [1, 0], [1, 1]]),
        ("duplicate_points_dropped", [[0, 0], [1, 0], [1, 0], [1, 1], [0, 0]]),
        ("height_dropped", [[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]),
        ("rewound", [[0, 0], [1, 1], [1, 0], [0, 0]]),
    ],
)
def test_what_has_one_meaning_is_set_right_and_told(note: str, ring: list[list[float]]) -> None:
    assert parse_boundary(polygon(ring)).notes == (note,)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("urn:ogc:def:crs:OGC::CRS84", True),
        ("urn:ogc:def:crs:EPSG::4326", True),
        ("EPSG:4326", True),
        ("EPSG:32649", False),
        ("Pseudo-Mercator of WGS84", False),
        ("EPSG:3857", False),
        ("", False),
        (4326, False),
    ],
)
def test_a_legacy_crs_is_taken_only_when_it_says_wgs84(name: Any, taken: bool) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    geojson = {**polygon([[0, 0], [1, 0], [1, 1], [0, 0]]), "crs": crs}
    if taken:
        assert parse_boundary(geojson).notes == ("crs_dropped",)
    else:
        assert refusal(geojson).code == "boundary_projected"


def test_a_desk_of_two_hundredths_of_a_square_metre_is_a_place() -> None:
    side = 0.14 / 111_320
    boundary = parse_boundary(polygon([[0, 0], [side, 0], [side, side], [0, side], [0, 0]]))
    assert boundary.area_m2 == pytest.approx(0.02, rel=0.05)


def circle(corners: int, radius: float) -> list[list[float]]:
    angles = [2 * math.pi * i / corners for i in range(corners)]
    ring = [[127 + math.cos(a) * radius, 37 + math.sin(a) * radius] for a in angles]
    return [*ring, ring[0]]


def zigzag(corners: int) -> list[list[float]]:
    return [[127 + i * 1e-6 + (i % 2) / 2, 37 + i * 1e-6 + (i % 2) / 2] for i in range(corners)]


HOSTILE: dict[str, Any] = {
    "many corners": polygon(circle(29_000, 0.01)),
    "crossing all over": polygon(zigzag(29_000)),
    "rings within rings": polygon(*(circle(5, 1 - i * 1e-4) for i in range(5_900))),
    "a million corners": polygon([[0, 0]] * 1_000_000),
    "huge numbers": polygon([[10**400, 0], [1e308, 1], [0, -(10**400)], [10**400, 0]]),
    "no numbers": polygon([[math.nan, 0], [1, math.inf], [1, 1], [0, 0]]),
    "a million features": {"type": "FeatureCollection", "features": [{}] * 1_000_000},
    "tiny": polygon([[0, 0], [1e-300, 0], [0, 1e-300], [0, 0]]),
}


def answered(document: Any) -> list[Boundary | BoundaryRefused]:
    """What a document gets, taken for a collection and for a boundary."""
    answers: list[Boundary | BoundaryRefused] = []
    try:
        answers += [boundary for _, _, boundary in parse_collection(document)]
    except BoundaryRefused as problem:
        answers.append(problem)
    try:
        answers.append(parse_boundary(document))
    except BoundaryRefused as problem:
        answers.append(problem)
    return answers


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_takes_seconds_at_most_and_never_faults(name: str) -> None:
    began = time.process_time()
    assert answered(HOSTILE[name])
    assert time.process_time() - began < 10


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert refusal({"type": "MultiPolygon", "coordinates": deep}).code == "boundary_malformed"
    assert refusal({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": deep}}).code


_numbers = st.one_of(st.floats(), st.integers(), st.integers(-190, 190), st.booleans())
_scalars = st.one_of(st.none(), _numbers, st.text(max_size=4))
_json = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=30,
)
_types = st.sampled_from(
    ["Polygon", "MultiPolygon", "Feature", "FeatureCollection", "GeometryCollection", "Point"]
)
_positions = st.lists(
    st.one_of(st.floats(-200, 200), st.sampled_from([0, 180, -180, 90, -90])), min_size=2, max_size=3
)
_rings = st.lists(_positions, min_size=3, max_size=9)
_geometries = st.one_of(
    st.fixed_dictionaries({"type": st.just("Polygon"), "coordinates": st.lists(_rings, max_size=3)}),
    st.fixed_dictionaries(
        {"type": st.just("MultiPolygon"), "coordinates": st.lists(st.lists(_rings, max_size=2), max_size=3)}
    ),
    st.fixed_dictionaries({"type": _types, "coordinates": _json, "crs": _json}),
    _json,
)
_features = st.one_of(
    st.fixed_dictionaries({"type": _types, "properties": _json, "geometry": _geometries, "crs": _json}),
    st.fixed_dictionaries({"type": st.just("Feature"), "geometry": _geometries}),
    _json,
)
_collections = st.fixed_dictionaries(
    {"type": _types, "features": st.one_of(st.lists(_features, max_size=4), _json)}
)


@settings(max_examples=600, deadline=None)
@given(st.one_of(_collections, _features, _geometries))
def test_whatever_json_gets_a_boundary_or_a_refusal(document: Any) -> None:
    for answer in answered(document):
        if isinstance(answer, Boundary):
            held(answer)
        else:
            assert answer.code.startswith("boundary_")


def held(boundary: Boundary) -> None:
    west, south, east, north = boundary.polygon.bounds
    assert boundary.polygon.is_valid
    assert boundary.area_m2 > 0
    assert -180 <= west < east <= 180
    assert -90 <= south < north <= 90
    assert all(part.exterior.is_ccw for part in boundary.polygon.geoms)


def test_the_whole_world_is_no_place_and_the_refusal_says_why() -> None:
    world = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    with pytest.raises(BoundaryRefused, match="the whole world") as refused:
        parse_boundary({"type": "Polygon", "coordinates": [world]})
    assert refused.value.code == "boundary_ambiguous"


@pytest.mark.parametrize("numbers", [5, 300, 20_000])
def test_a_position_has_few_numbers(numbers: int) -> None:
    refused = refusal(polygon([[0] * numbers, [1, 0], [1, 1], [0, 0]]))
    assert (refused.code, refused.errors[0]["pointer"]) == ("boundary_malformed", "/geometry/coordinates/0/0")
    assert parse_boundary(polygon([[0, 0, 5, 7], [1, 0, 5, 7], [1, 1, 5, 7], [0, 0, 5, 7]])).notes == (
        "height_dropped",
    )


@pytest.mark.parametrize(
    "geojson",
    [
        {"type": "MultiPolygon", "coordinates": [[]] * 1_300_000},
        {"type": "Polygon", "coordinates": [[]] * 1_300_000},
        {"type": "MultiPolygon", "coordinates": [[[]] * 500] * 500},
    ],
)
def test_rings_are_counted_before_they_are_looked_at(geojson: dict[str, Any]) -> None:
    began = time.thread_time()
    assert refusal(geojson).code == "boundary_too_many_rings"
    assert time.thread_time() - began < 0.02
