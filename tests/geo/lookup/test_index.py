"""What the index of places answers: the same as PostGIS."""

import json
import math
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon
from sqlalchemy import text

from geo.lookup.index import IndexedPlace, PlaceIndex
from geo.shapes.boundaries import Boundary, BoundaryRefused, parse_boundary, parse_collection
from tests.stories.recordings import DATA
from tests.world import World

SITES = DATA / "sites"


def drawn_by_others() -> list[MultiPolygon]:
    polygons: list[MultiPolygon] = []
    for path in sorted(SITES.rglob("*json")):
        geojson = json.loads(path.read_text())
        if geojson.get("type") == "FeatureCollection":
            found: list[Any] = [boundary for _, _, boundary in parse_collection(geojson)]
        else:
            found = [_judged(geojson)]
        polygons += [boundary.polygon for boundary in found if isinstance(boundary, Boundary)]
    return polygons


def _judged(geojson: Any) -> Boundary | BoundaryRefused:
    try:
        return parse_boundary(geojson)
    except BoundaryRefused as refusal:
        return refusal


def made_up() -> list[MultiPolygon]:
    """A grid with shared edges, a hole, parts apart, needles, and two that end at the antimeridian."""
    cells = [
        shapely.box(7 + x / 300, 46 + y / 300, 7 + (x + 1) / 300, 46 + (y + 1) / 300)
        for x in range(6)
        for y in range(6)
    ]
    holed = Polygon(
        shapely.box(6, 45, 9, 48).exterior.coords, [shapely.box(7.001, 46.001, 7.01, 46.01).exterior.coords]
    )
    angles = np.linspace(0, 2 * math.pi, 39, endpoint=False)
    star = Polygon(
        [(7 + (0.02 + 0.01 * (n % 2)) * math.cos(a), 46 + 0.01 * math.sin(a)) for n, a in enumerate(angles)]
    )
    needle = Polygon([(7, 46), (7.3, 46.0000001), (7.3, 46.0000002)])
    apart = MultiPolygon([shapely.box(7.1, 46.1, 7.2, 46.2), shapely.box(7.3, 46.1, 7.4, 46.2)])
    edges = [shapely.box(179.99, -17, 180, -16), shapely.box(-180, -17, -179.99, -16)]
    return [MultiPolygon([p]) for p in (*cells, holed, star, needle, *edges)] + [apart]


def questions(polygons: list[MultiPolygon], each: int) -> np.ndarray:
    """Random points in and beside every polygon, points on its edges (as near as doubles come), and corners."""
    rng = np.random.default_rng(20_261_124)
    points = []
    for polygon in polygons:
        west, south, east, north = polygon.bounds
        points.append(rng.uniform((west, south), (east, north), (each, 2)))
        corners = shapely.get_coordinates(polygon)
        first = rng.integers(0, len(corners) - 1, each)
        share = rng.choice((0.0, 0.5, rng.random()), (each, 1))
        points.append(corners[first] + share * (corners[first + 1] - corners[first]))
    return np.clip(np.concatenate(points), (-180, -90), (180, 90))


def agrees_with_postgis(world: World, polygons: list[MultiPolygon], each: int) -> None:
    places = [IndexedPlace(uuid4(), 1, polygon) for polygon in polygons]
    index, points = PlaceIndex(places), questions(polygons, each)
    with world.worker.transaction() as session:
        session.execute(text("CREATE TEMPORARY TABLE drawn (id uuid, boundary geometry) ON COMMIT DROP"))
        rows = [{"id": place.id, "boundary": shapely.to_wkb(place.polygon, hex=True)} for place in places]
        session.execute(
            text("INSERT INTO drawn VALUES (:id, ST_SetSRID(cast(:boundary AS geometry), 4326))"), rows
        )
        session.execute(text("CREATE INDEX ON drawn USING gist (boundary)"))
        query = text(
            "SELECT coalesce(array_agg(id ORDER BY id) FILTER (WHERE id IS NOT NULL), '{}')"
            " FROM unnest(cast(:lons AS float8[]), cast(:lats AS float8[])) WITH ORDINALITY AS fix (lon, lat, n)"
            " LEFT JOIN drawn ON ST_Covers(boundary, ST_SetSRID(ST_MakePoint(lon, lat), 4326)) GROUP BY n ORDER BY n"
        )
        truth = session.scalars(query, {"lons": points[:, 0].tolist(), "lats": points[:, 1].tolist()}).all()
    assert index.covering_many(points) == truth
    assert [index.covering(lon, lat) for lon, lat in points.tolist()] == truth
    assert sum(map(len, truth)) > len(polygons)


def test_synthetic_places_cover_what_postgis_says(world: World) -> None:
    agrees_with_postgis(world, made_up(), 60)


@pytest.mark.real
@pytest.mark.skipif(not SITES.is_dir(), reason=f"the real places are not at {SITES}")
def test_real_places_cover_what_postgis_says(world: World) -> None:
    polygons = drawn_by_others()
    assert len(polygons) > 1_500
    agrees_with_postgis(world, polygons, 12)


def test_an_index_without_places_answers() -> None:
    index = PlaceIndex([])
    assert index.covering(7, 46) == []
    assert index.covering_many([(7, 46)]) == [[]]
    assert index.near([(7, 46)], 150) == set()
    with pytest.raises(KeyError):
        index.fence(uuid4())


@pytest.mark.parametrize("latitude", [0.0, 46.0, -77.0, 89.9])
def test_what_is_within_the_radius_is_near(latitude: float) -> None:
    """149 metres east of a point, wherever on earth."""
    lon = 149 / (111_320 * math.cos(math.radians(latitude)))
    place = IndexedPlace(
        uuid4(), 1, MultiPolygon([shapely.box(lon, latitude, lon + 0.001, latitude + 0.001)])
    )
    index = PlaceIndex([place])
    assert index.near([(0, latitude)], 150) == {place.id}
    assert index.near([(-4 * lon, latitude)], 150) == set()


def test_near_looks_across_the_antimeridian() -> None:
    east, west = (IndexedPlace(uuid4(), 1, polygon) for polygon in made_up()[-3:-1])
    index = PlaceIndex([east, west])
    for lon in (179.9995, -179.9995, 180.0, -180.0):
        assert index.near([(lon, -16.5)], 150) == {east.id, west.id}
    assert index.near([(179.9, -16.5)], 150) == set()


def test_fences_carry_their_floors_and_are_made_once() -> None:
    place = IndexedPlace(uuid4(), 1, made_up()[0], 2, 3)
    index = PlaceIndex([place])
    assert index.fence(place.id).floor_high == 3
    assert index.fence(place.id) is index.fences_near([], 150, [place.id, uuid4()])[place.id]


def test_a_full_memory_of_cells_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.lookup.index._CELLS_KEPT", 3)
    place = IndexedPlace(uuid4(), 1, MultiPolygon([shapely.box(7, 46, 8, 47)]))
    index = PlaceIndex([place])
    assert all(index.covering(7 + n / 100, 46.5) == [place.id] for n in range(10))
    assert len(index._cells) <= 3


def test_a_small_organisation_keeps_few_cells() -> None:
    index = PlaceIndex([IndexedPlace(uuid4(), 1, MultiPolygon([shapely.box(7, 46, 8, 47)]))])
    for n in range(4_000):
        index.covering(7 + n / 1_000, 46.5)
    assert len(index._cells) < 3_000
