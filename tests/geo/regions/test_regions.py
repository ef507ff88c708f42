"""Circles for the phone: they cover, they are few, they leak nothing, and they say when to ask again."""

import json
import math
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, get_coordinates
from sqlalchemy import text

from geo.engine.circles import Circle, distance_m, enclosing_circle
from geo.shapes.boundaries import Boundary, parse_collection
from tests.product import ROOT
from tests.stories.fixes import GATE, stands
from tests.stories.recordings import DATA
from tests.stories.visits import is_seen
from tests.world import Phone, World

LAT = st.floats(-89.9, 89.9)


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(-1, 1)), min_size=3, max_size=12),
    LAT,
    st.floats(-180, 180),
)
def test_a_circle_covers_every_corner(offsets: list[tuple[float, float]], lat: float, lon: float) -> None:
    ring = [((lon + x + 180) % 360 - 180, max(min(lat + y, 90), -90)) for x, y in offsets]
    circle = enclosing_circle(MultiPolygon([Polygon(ring)]))
    assert circle.radius >= 100
    for x, y in ring:
        assert circle.metres_to(x, y) <= 0.01


def test_a_place_across_the_antimeridian_has_one_small_circle() -> None:
    east = Polygon([(179.9, 10), (180, 10), (180, 10.1), (179.9, 10.1)])
    west = Polygon([(-180, 10), (-179.9, 10), (-179.9, 10.1), (-180, 10.1)])
    circle = enclosing_circle(MultiPolygon([east, west]))
    assert circle.radius < 13_000
    assert abs(circle.lon) == pytest.approx(180, abs=1e-6)


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not at {DATA}")
def test_circles_cover_real_places_and_are_close_to_the_smallest() -> None:
    for path in (
        "districts/seoul-dong-dev.geojson",
        "osm/krems.sites-zones.geojson",
        "awkward/oceania.geojson",
    ):
        file = DATA / "sites" / path
        for _, _, boundary in parse_collection(json.loads(file.read_text())):
            if isinstance(boundary, Boundary):
                circle = enclosing_circle(boundary.polygon)
                corners = get_coordinates(boundary.polygon)
                assert max(circle.metres_to(x, y) for x, y in corners) <= 0.01
                widest = max(distance_m(*corners[0], x, y) for x, y in corners)
                assert circle.radius <= max(100.0, widest)


def regions(phone: Phone, at: tuple[float, float], **query: Any) -> dict[str, Any]:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return phone.get(f"/v1/me/regions?lon={at[0]}&lat={at[1]}{more}")


def test_the_places_one_is_in_come_first_then_the_nearest(world: World) -> None:
    org = world.organisation()
    near, far, farther = (
        org.site(name, at=(127.0 + off, 37.5)) for name, off in (("A", 0.01), ("B", 0.02), ("C", 0.03))
    )
    alice = org.person("Alice")
    is_seen(org, alice, farther)
    answer = regions(alice, GATE)
    assert [region["id"] for region in answer["regions"]] == [farther, near, far]
    assert [region["inside"] for region in answer["regions"]] == [True, False, False]
    few = regions(alice, GATE, limit=3)
    assert [region["id"] for region in few["regions"]] == [farther, near]
    assert few["refresh"]["notify_on"] == ["exit"]


def test_the_refresh_circle_ends_before_the_first_place_without_room(world: World) -> None:
    org = world.organisation()
    sites = {org.site(f"S{n}", at=(127.0 + 0.01 * n, 37.5)): n for n in range(1, 9)}
    alice = org.person("Alice")
    answer = regions(alice, GATE, limit=4)
    listed = {region["id"] for region in answer["regions"]}
    assert len(listed) == 3
    around = regions(alice, GATE, limit=100)["regions"]
    for region in around:
        if region["id"] not in listed:
            lon, lat = region["center"]["coordinates"]
            edge = distance_m(*GATE, lon, lat) - region["radius_m"]
            assert edge >= answer["refresh"]["radius_m"] - 0.2
    assert {sites[place] for place in listed} == {1, 2, 3}


def test_zones_wait_until_one_is_near_their_site(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    zone = org.zone(site, at=GATE)
    alice = org.person("Alice")
    assert {region["id"] for region in regions(alice, (127.05, 37.5))["regions"]} == {site}
    assert {region["id"] for region in regions(alice, GATE)["regions"]} == {site, zone}


def test_what_one_may_not_know_of_is_not_among_them(world: World) -> None:
    org, theirs = world.organisation(), world.organisation()
    theirs.site(at=GATE)
    vault = org.site("Vault", at=GATE, admission="assigned")
    alice, guard = org.person("Alice"), org.person("Guard", scopes=[vault])
    assert regions(alice, GATE)["regions"] == []
    assert [region["id"] for region in regions(guard, GATE)["regions"]] == [vault]


def test_polling_is_cheap_while_nothing_changes(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    path = f"/v1/me/regions?lon={GATE[0]}&lat={GATE[1]}"
    tag = alice.request("GET", path).headers["ETag"]
    again = alice.request("GET", path, If_None_Match=tag)
    assert (again.status_code, again.get_data()) == (304, b"")
    etag = org.admin.request("GET", f"/v1/admin/sites/{site}").headers["ETag"]
    edit = {"type": "Feature", "properties": {"name": "Renamed"}}
    org.admin.patch(f"/v1/admin/sites/{site}", edit, If_Match=etag)
    assert alice.request("GET", path, If_None_Match=tag).status_code == 200


def test_who_walked_out_of_the_refresh_circle_gets_a_new_one(world: World) -> None:
    org = world.organisation()
    org.site(at=(127.1, 37.5))
    alice = org.person("Alice")

    def polls(lon: float, tag: str) -> Any:
        return alice.request("GET", f"/v1/me/regions?lon={lon}&lat=37.5", If_None_Match=tag)

    first = polls(127.0, '""')
    refresh = first.get_json()["refresh"]
    within = refresh["radius_m"] * 0.9 / 88_000  # a degree of longitude has some 88 km here

    assert polls(127.0 + within, first.headers["ETag"]).status_code == 304
    anew = polls(127.0 - 1.2 * within, first.headers["ETag"])
    assert anew.status_code == 200
    assert anew.get_json()["regions"] == first.get_json()["regions"]
    assert anew.get_json()["refresh"]["center"] != refresh["center"]


@pytest.mark.parametrize(
    "forged", ['"x"', '"a:b:c:d"', '"a:nan:inf:1"', '"a:1:2:3:4"', '"' + "9:" * 500 + '"']
)
def test_a_version_that_was_made_up_gets_the_whole_answer(world: World, forged: str) -> None:
    alice = world.organisation().person("Alice")
    assert alice.request("GET", "/v1/me/regions?lon=1&lat=1", If_None_Match=forged).status_code == 200


def test_places_beyond_the_antimeridian_are_near(world: World) -> None:
    org = world.organisation()
    east = org.site("East", at=(-179.99, 10.0))
    west = org.site("West", at=(179.97, 10.0))
    alice = org.person("Alice")
    assert [region["id"] for region in regions(alice, (179.995, 10.0))["regions"]] == [east, west]


def test_without_a_point_the_last_fix_counts(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    assert alice.get("/v1/me/regions", 422)["code"] == "position_unknown_here"
    alice.get("/v1/me/regions?lon=1", 422)
    alice.get("/v1/me/regions?lon=181&lat=0", 422)
    alice.get("/v1/me/regions?lon=nan&lat=0", 422)
    stands(alice, GATE, time.time())
    answer = alice.get("/v1/me/regions?boundaries=true")
    assert answer["regions"][0]["id"] == site
    assert answer["regions"][0]["boundary"]["type"] == "Polygon"


def test_the_nearest_are_found_by_the_index_under_row_level_security(world: World) -> None:
    org = world.organisation()
    org.site(at=GATE)
    with world.web.transaction(org.id) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            session.scalars(
                text(
                    "EXPLAIN SELECT id FROM places WHERE archived_at IS NULL "
                    "ORDER BY boundary <-> ST_SetSRID(ST_MakePoint(127, 37.5), 4326) LIMIT 50"
                )
            )
        )
    assert "ix_places_boundary" in plan
    assert "Order By" in plan


def test_circles_within_circles() -> None:
    outer = Circle(0, 0, 1_000)
    assert outer.holds(Circle(0.005, 0, 400))
    assert not outer.holds(Circle(0.005, 0, 500))
    assert math.isclose(outer.metres_to(0, 0), -1_000)


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not at {DATA}")
def test_circles_that_switch_fixes_on_find_the_visits_with_half_of_the_fixes() -> None:
    runs = [str(path) for path in sorted((DATA / "traces" / "mobilitynet").iterdir())]
    command = [
        sys.executable,
        "-m",
        "geo.region_replay",
        str(DATA / "sites/mobilitynet/sites.geojson"),
        *runs,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    everything, alone, switched = map(json.loads, done.stdout.splitlines()[-3:])
    assert switched["found"] >= 0.95 * everything["found"]
    assert switched["share_of_fixes"] <= 0.5
    assert alone["found"] >= 0.9 * everything["found"]
    assert alone["claimed"] > switched["claimed"]
