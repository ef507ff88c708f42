"""The index of places: it answers what PostGIS answers, and it is never asked when it is stale."""

import json
import math
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon
from sqlalchemy import event, text

from geo.boundaries import Boundary, BoundaryRefused, parse_boundary, parse_collection
from geo.index import IndexedPlace, PlaceIndex
from geo.indexes import PlaceIndexes, Verdict, judge, load
from geo.nearby import fences_near
from tests.conftest import ROOT
from tests.geo import test_fixes
from tests.geo.test_fixes import FAR, GATE, places_of, stands
from tests.world import Organisation, World, feature, square

SITES = ROOT.parent / "shared" / "data" / "sites"
_WALKS = [name for name in dir(test_fixes) if name.startswith("test_")]


@pytest.fixture
def indexes(world: World) -> Iterator[PlaceIndexes]:
    """The indexes that the application asks, without a background: a test says when one is built."""
    made = PlaceIndexes(world.web)
    world.app.extensions["hereabouts_place_indexes"] = made
    yield made
    del world.app.extensions["hereabouts_place_indexes"]


def ready(indexes: PlaceIndexes, org: Organisation) -> None:
    """Relay what is there, build, and hold that the next request will ask the index."""
    org.world.relays()
    indexes.build(org.id)
    assert asks_the_index(indexes, org)


def asks_the_index(indexes: PlaceIndexes, org: Organisation) -> bool:
    with org.world.web.transaction(org.id) as session:
        return indexes.current(session, org.id) is not None


def redraw(org: Organisation, site: str, where: tuple[float, float]) -> None:
    """Move a site's boundary, as a manager does."""
    etag = org.admin.request("GET", f"/v1/admin/sites/{site}").headers["ETag"]
    body = feature(square(*where, 0.001))
    org.admin.patch(f"/v1/admin/sites/{site}", body, If_Match=etag)


# What it answers


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
    monkeypatch.setattr("geo.index._CELLS_KEPT", 3)
    place = IndexedPlace(uuid4(), 1, MultiPolygon([shapely.box(7, 46, 8, 47)]))
    index = PlaceIndex([place])
    assert all(index.covering(7 + n / 100, 46.5) == [place.id] for n in range(10))
    assert len(index._cells) <= 3


# When it is asked


@pytest.mark.parametrize("walk", _WALKS)
def test_everything_that_holds_for_fixes_holds_with_an_index(
    world: World, indexes: PlaceIndexes, walk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always_built(session: Any, organisation_id: UUID) -> PlaceIndex:
        return load(world.web, organisation_id)

    monkeypatch.setattr(indexes, "current", always_built)
    story: Callable[[World], None] = getattr(test_fixes, walk)
    story(world)


def test_the_very_next_fix_is_judged_by_the_new_boundary(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    ready(indexes, org)
    assert [visit["place_id"] for visit in stands(alice, GATE, time.time() - 300)] == [site]
    ready(indexes, org)
    redraw(org, site, FAR)
    assert not asks_the_index(indexes, org)  # its event is on its way to the journal
    assert stands(alice, GATE, time.time() - 120)[0]["left_at"] is not None
    world.relays()
    assert not asks_the_index(indexes, org)  # and has come there
    assert [visit["place_id"] for visit in stands(alice, FAR, time.time())] == [site]
    ready(indexes, org)
    assert places_of(alice) == [site]


def test_an_edit_that_commits_while_the_index_is_loaded_makes_it_stale(
    world: World, indexes: PlaceIndexes
) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    world.relays()
    engine = world.web.engine

    waiting = [site]

    def edits(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "ST_AsBinary" in statement and waiting:
            waiting.clear()
            redraw(org, site, FAR)
            world.relays()

    event.listen(engine, "before_cursor_execute", edits)
    indexes.build(org.id)
    event.remove(engine, "before_cursor_execute", edits)
    assert not waiting
    assert not asks_the_index(indexes, org)
    indexes.build(org.id)
    assert asks_the_index(indexes, org)


def test_an_archived_place_is_left_and_never_entered(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    zone = org.zone(site, at=GATE)
    alice = org.person("Alice")
    ready(indexes, org)
    assert len(stands(alice, GATE, time.time() - 300)) == 2
    etag = org.admin.request("GET", f"/v1/admin/zones/{zone}").headers["ETag"]
    org.admin.delete(f"/v1/admin/zones/{zone}", If_Match=etag)
    stands(alice, GATE, time.time() - 120)
    assert places_of(alice) == [site]
    ready(indexes, org)
    assert stands(alice, GATE, time.time()) == []
    assert places_of(alice) == [site]


def test_an_index_knows_the_places_of_its_organisation_only(world: World, indexes: PlaceIndexes) -> None:
    ours, theirs = world.organisation(), world.organisation()
    site = ours.site(at=GATE)
    stranger = theirs.person("Sam")
    for org in (ours, theirs):
        ready(indexes, org)
    with world.web.transaction(theirs.id) as session:
        index = indexes.current(session, theirs.id)
        assert index is not None
        assert index.covering(*GATE) == []
        assert fences_near(session, [GATE], 150, [UUID(site)]) == {}
    assert stands(stranger, GATE, time.time()) == []


def test_an_index_of_another_organisation_is_never_right(world: World, indexes: PlaceIndexes) -> None:
    ours, theirs = world.organisation(), world.organisation()
    ours.site(at=GATE)
    ready(indexes, ours)
    with world.web.transaction(theirs.id) as session:
        # Row-level security hides the other journal: its head reads 0, which is no position that an index has.
        assert indexes.current(session, ours.id) is None


def test_other_events_move_the_position_on_and_no_rebuild_is_wanted(
    world: World, indexes: PlaceIndexes
) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    ready(indexes, org)
    index = indexes.build(org.id)
    assert index is not None
    position = index.position
    org.admin.posts(site, "hello")
    world.relays()
    assert asks_the_index(indexes, org)
    assert index.position > position


def test_events_that_are_gone_make_an_index_stale(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    ready(indexes, org)
    index = indexes.build(org.id)
    assert index is not None
    org.admin.posts(site, "hello")
    world.relays()
    with world.worker.transaction() as session:
        session.execute(text("DELETE FROM journal WHERE type = 'post.created'"))
    with world.web.transaction(org.id) as session:
        assert judge(session, org.id, index) is Verdict.STALE


def test_unchanged_places_are_taken_over(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    kept, moved = UUID(org.site("Kept", at=GATE)), org.site("Moved", at=GATE)
    ready(indexes, org)
    before = indexes.build(org.id)
    redraw(org, moved, FAR)
    after = indexes.build(org.id)
    assert before is not None
    assert after is not None
    assert after.fence(kept) is before.fence(kept)
    assert after.covering(*FAR) == [UUID(moved)]


def test_the_background_builds_what_is_asked_for_and_follows_the_journal(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    world.relays()
    indexes = PlaceIndexes(world.web)
    indexes.start()
    try:
        assert not asks_the_index(indexes, org)
        until(lambda: asks_the_index(indexes, org))
        redraw(org, site, FAR)
        world.relays()
        # Nobody asks: the journal alone brings the next index.
        until(lambda: covered(indexes, org, FAR) == [UUID(site)])
    finally:
        indexes.stop()


def covered(indexes: PlaceIndexes, org: Organisation, where: tuple[float, float]) -> list[UUID]:
    index = indexes._kept.get(org.id)
    return [] if index is None else index.covering(*where)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# How much is kept


def test_the_longest_unused_organisation_goes_first(world: World) -> None:
    organisations = [world.organisation() for _ in range(3)]
    for org in organisations:
        org.site(at=GATE)
    world.relays()
    weight = load(world.web, organisations[0].id).weight
    indexes = PlaceIndexes(world.web, kept_weight=2 * weight)
    first, second, third = (org.id for org in organisations)
    indexes.build(first)
    indexes.build(second)
    assert asks_the_index(indexes, organisations[0])
    indexes.build(third)
    assert indexes.organisations == [first, third]


def test_an_organisation_beyond_the_bound_is_left_to_postgis(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    world.relays()
    indexes = PlaceIndexes(world.web, kept_weight=10)
    world.app.extensions["hereabouts_place_indexes"] = indexes
    try:
        assert indexes.build(org.id) is None
        assert indexes.organisations == []
        assert [visit["place_id"] for visit in stands(alice, GATE, time.time())] == [site]
        assert not indexes._wanted
    finally:
        del world.app.extensions["hereabouts_place_indexes"]
