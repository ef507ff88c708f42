"""Advice on drafts, and rehearsals with a recorded track."""

import math
from typing import Any
from uuid import UUID

import pytest
from shapely import MultiPolygon, Polygon, box

from api.translations import translated
from geo.engine.transitions import Fix
from geo.places.rehearsal import rehearse
from geo.shapes.advice import _DETAILS, Advice, Draft, Neighbour, Surroundings, advise
from tests.world import World, feature, square

M = 1 / 111_320
LON, LAT = 127.0, 37.5
OTHER = UUID(int=7)


def rectangle(width: float, height: float, east: float = 0, north: float = 0) -> MultiPolygon:
    """So many metres wide and high, with its south-west corner so many metres off."""
    x = M / math.cos(math.radians(LAT))
    west, south = LON + east * x, LAT + north * M
    return MultiPolygon([box(west, south, west + width * x, south + height * M)])


SITE = rectangle(1_000, 1_000)


def advised(
    polygon: MultiPolygon, kind: Any = "zone", name: str = "Gate", floors: Any = None, **around: Any
) -> dict[str, Advice]:
    area = polygon.area / M**2 * math.cos(math.radians(LAT))
    surroundings = Surroundings(around.pop("home", SITE), **around)
    found = advise(Draft(kind, name, polygon, area, floors), surroundings)
    return {advice.code: advice for advice in found}


def test_a_good_fence_gets_no_advice() -> None:
    assert advised(rectangle(80, 80, 100, 100)) == {}


def test_sizes_that_phones_cannot_tell() -> None:
    assert advised(rectangle(15, 15))["too_small_for_gps"].severity == "warning"
    assert advised(rectangle(30, 30))["small_for_gps"].severity == "info"
    assert "sliver" in advised(rectangle(900, 30))
    assert "sliver" not in advised(rectangle(300, 50))
    assert "huge" in advised(rectangle(11_000, 11_000), home=None)


def test_many_vertices() -> None:
    angles = [2 * math.pi * i / 2_000 for i in range(2_000)]
    round_one = MultiPolygon(
        [Polygon([(LON + math.cos(a) * 0.001, LAT + math.sin(a) * 0.001) for a in angles])]
    )
    share = advised(round_one)["many_vertices"].share
    assert share is not None
    assert share < 0.1


def test_where_it_lies() -> None:
    assert set(advised(rectangle(80, 80, 3_000))) == {"far_from_site", "sticks_out_of_site"}
    half = advised(rectangle(100, 100, -25))["sticks_out_of_site"]
    assert (half.share, half.severity) == (pytest.approx(0.25, abs=0.01), "info")


def test_longitude_and_latitude_exchanged() -> None:
    home = MultiPolygon([box(15.60, 48.39, 15.61, 48.40)])
    turned = MultiPolygon([box(48.392, 15.602, 48.394, 15.604)])
    assert "lon_lat_swapped" in advised(turned, home=home)
    assert "lon_lat_swapped" not in advised(MultiPolygon([box(15.602, 48.392, 15.604, 48.394)]), home=home)
    assert "lon_lat_swapped" not in advised(rectangle(80, 80, 3_000_000), home=home)


def test_neighbours() -> None:
    gate = Neighbour(OTHER, " GATE ", rectangle(100, 100, 50))
    found = advised(rectangle(100, 100), neighbours=[gate])
    assert found["duplicate_name"].place_id == OTHER
    assert found["overlaps_sibling"].share == pytest.approx(0.5, abs=0.01)
    upstairs = Neighbour(OTHER, "Other", rectangle(100, 100, 50), (2, 3))
    assert advised(rectangle(100, 100), floors=(0, 1), neighbours=[upstairs]) == {}
    beside = Neighbour(OTHER, "Other", rectangle(100, 100, 100))
    assert advised(rectangle(100, 100), neighbours=[beside]) == {}


def test_zones_that_a_new_site_boundary_leaves_out() -> None:
    zone = Neighbour(OTHER, "Zone", rectangle(100, 100, 900))
    found = advised(rectangle(925, 1_000), "site", parts=[zone])
    assert (found["sticks_out_of_site"].place_id, found["sticks_out_of_site"].severity) == (OTHER, "warning")


def test_all_advice_speaks_korean() -> None:
    assert [sentence for sentence in _DETAILS.values() if translated(sentence, "ko") == sentence] == []


def test_a_draft_is_judged_and_changes_nothing(world: World) -> None:
    org = world.organisation()
    site = org.site()
    zone = org.zone(site, "Gate")
    path = f"/v1/admin/sites/{site}/drafts"
    clockwise = square(127.0, 37.5, 0.0004)
    clockwise["coordinates"][0].reverse()
    report = org.admin.post(path, feature(clockwise, name="gate"))
    assert report["geometry"] == square(127.0, 37.5, 0.0004)
    assert (report["notes"], report["vertices"]) == (["rewound"], 5)
    assert report["area_m2"] == pytest.approx(6_270, rel=0.02)
    assert [(a["code"], a["place_id"], a["share"]) for a in report["advice"]] == [
        ("duplicate_name", zone, None),
        ("overlaps_sibling", zone, 1.0),
    ]
    redrawn = {**feature(clockwise, name="Gate"), "id": zone}
    assert org.admin.post(path, redrawn)["advice"] == []
    assert [z["id"] for z in org.admin.get(f"/v1/admin/sites/{site}/zones")["items"]] == [zone]


def test_a_site_is_judged_against_its_zones_and_other_sites(world: World) -> None:
    org = world.organisation()
    site, other = org.site("Depot"), org.site("Yard", at=(127.001, 37.5))
    zone = org.zone(site)
    path = f"/v1/admin/sites/{site}/drafts"
    report = org.admin.request(
        "POST", path, feature(square(127.0008, 37.5, 0.0006), kind="site", name="Yard"), Accept_Language="ko"
    ).get_json()
    found = {a["code"]: a for a in report["advice"]}
    assert found["sticks_out_of_site"]["place_id"] == zone
    assert found["overlaps_sibling"]["place_id"] == other
    assert found["duplicate_name"]["detail"] == "같은 이름의 장소가 있습니다."


def test_a_draft_without_meaning_is_refused_and_so_are_floors_upside_down(world: World) -> None:
    org = world.organisation()
    path = f"/v1/admin/sites/{org.site()}/drafts"
    assert org.admin.post(path, feature({"type": "Point"}), 422)["code"] == "boundary_not_polygon"
    upside_down = feature(square(127, 37.5, 0.0004), floor_low=2, floor_high=1)
    assert org.admin.post(path, upside_down, 422)["errors"][0]["pointer"] == "/properties/floor_low"


def track(count: int = 60) -> list[dict[str, Any]]:
    """A walk of a fix every 30 s, from 600 m west of the depot to 600 m east of it."""
    return [
        {
            "at": f"2026-01-01T{8 + i // 120:02}:{i // 2 % 60:02}:{i % 2 * 30:02}Z",
            "lon": 127.0 + (i - count / 2) / (count / 2) * 0.007,
            "lat": 37.5,
            "accuracy": 8,
        }
        for i in range(count)
    ]


def test_a_track_is_played_against_a_draft(world: World) -> None:
    org = world.organisation()
    path = f"/v1/admin/sites/{org.site()}/drafts/rehearsal"
    wild = {**track()[5], "at": "2026-01-01T08:02:31Z", "accuracy": 5_000}
    body = {"geometry": square(127.0, 37.5, 0.001), "fixes": [*reversed(track()), wild]}
    report = org.admin.post(path, body)
    assert [event["entered"] for event in report["events"]] == [True, False]
    assert report["considered"] == 60
    on_one_floor = {**body, "floor_low": 2, "floor_high": 2}
    assert org.admin.post(path, on_one_floor)["events"] == []
    assert org.admin.get("/v1/me/places")["visits"] == []


def test_ten_thousand_fixes_are_played_and_no_work_without_end() -> None:
    fixes = [Fix(float(i), 127.0 + math.sin(i / 300) * 0.01, 37.5, 8.0) for i in range(10_000)]
    assert len(rehearse(rectangle(100, 100), fixes).events) > 10
    ring = [(127 + math.cos(i / 500) * 0.01, 37 + math.sin(i / 500) * 0.01) for i in range(3_100)]
    holes = Polygon(rectangle(9_000, 9_000).geoms[0].exterior, [ring])
    for polygon in (Polygon(ring), holes):
        with pytest.raises(Exception, match="too detailed"):
            rehearse(MultiPolygon([polygon]), fixes)
