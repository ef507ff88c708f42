"""Boundaries in answers: as they were put there when they were drawn, and with so many corners and no more."""

from typing import Any

import pytest
from shapely.geometry import shape
from sqlalchemy import text

from geo.lookup.outlines import fitting
from geo.places import lists
from social import bundle
from tests.stories.detailed import corners_of, detailed, draws, forgets_forms, rounded
from tests.stories.statements import statements
from tests.world import Organisation, Phone, World, feature, square

AT = (127.0, 37.5)


def circles(phone: Phone, boundaries: str = "true") -> dict[str, Any]:
    path = f"/v1/me/regions?boundaries={boundaries}&lon={AT[0]}&lat={AT[1]}&limit=100"
    return {region["id"]: region for region in phone.get(path)["regions"]}


def kept(phone: Phone, site: str) -> dict[str, Any]:
    return {place["id"]: place for place in phone.get(f"/v1/sites/{site}/bundle")["places"]}


def forms_kept(org: Organisation) -> int:
    count = text("SELECT count(corners) FROM boundary_versions WHERE organisation_id = :org")
    with org.world.owner() as connection:
        return connection.execute(count, {"org": org.id}).scalar_one()


def test_a_phone_gets_few_corners_and_how_far_they_are_off_and_the_editor_all(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    drawn = detailed(3_000)
    yard = draws(org, site, drawn)
    bob = org.person("Bob")
    for told in (circles(bob)[yard] | {"geometry": circles(bob)[yard]["boundary"]}, kept(bob, site)[yard]):
        assert corners_of(told["geometry"]) <= 500
        assert shape(told["geometry"]).is_valid
        assert 0 < told["simplified_m"] < 10
    assert corners_of(org.admin.get(f"/v1/admin/zones/{yard}")["geometry"]) == 3_001
    assert org.admin.get(f"/v1/admin/zones/{yard}")["geometry"] == rounded(drawn)
    (listed,) = org.admin.get(f"/v1/admin/sites/{site}/zones")["items"]
    assert listed["geometry"] == rounded(drawn)


def test_a_simple_outline_comes_as_it_was_drawn_and_says_so(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    bob = org.person("Bob")
    assert circles(bob)[site]["boundary"] == square(*AT, 0.001)
    assert (circles(bob)[site]["simplified_m"], kept(bob, site)[site]["simplified_m"]) == (0, 0)
    assert circles(bob, "false")[site]["boundary"] is None
    assert circles(bob, "false")[site]["simplified_m"] is None


def test_no_answer_looks_at_a_boundary_once_its_forms_are_kept(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    yard = draws(org, site, detailed(1_000))
    bob = org.person("Bob")
    paths = [f"/v1/admin/zones/{yard}", f"/v1/admin/sites/{site}/zones", "/v1/admin/sites"]
    paths.append(f"/v1/admin/zones/{yard}/boundaries")
    with statements(world.web.engine) as made:
        circles(bob)
        kept(bob, site)
        for path in paths:
            org.admin.get(path)
    assert not [statement for statement in made if "ST_As" in statement]


def test_boundaries_of_the_release_before_get_their_forms_when_they_are_read_and_keep_them(
    world: World,
) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    yard, hall = draws(org, site, detailed(3_000)), draws(org, site, square(*AT, 0.0003), "Hall")
    bob = org.person("Bob")
    before = [circles(bob), kept(bob, site), org.admin.get(f"/v1/admin/sites/{site}/zones")]
    forgets_forms(org)
    assert [circles(bob), kept(bob, site), org.admin.get(f"/v1/admin/sites/{site}/zones")] == before
    assert forms_kept(org) == 3
    forgets_forms(org)
    history = org.admin.get(f"/v1/admin/zones/{hall}/boundaries")["items"]
    assert [item["geometry"] for item in history] == [square(*AT, 0.0003)]
    assert corners_of(org.admin.get(f"/v1/admin/zones/{yard}")["geometry"]) == 3_001


def test_one_at_a_time_makes_the_forms_of_much_and_the_others_are_told_to_come_again(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    yard, bob = draws(org, site, detailed(3_000)), org.person("Bob")
    forgets_forms(org)
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    with world.owner() as connection:
        connection.execute(lock, {"name": f"forms:{org.id}"})
        answer = bob.request("GET", f"/v1/sites/{site}/bundle")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert corners_of(kept(bob, site)[yard]["geometry"]) <= 500
    assert forms_kept(org) == 2


def test_what_a_process_of_the_release_before_redraws_is_sent_as_it_stands_now(world: World) -> None:
    """It writes the boundary and its version, and knows of no forms."""
    org = world.organisation()
    site = org.site(admission="open")
    bob = org.person("Bob")
    assert circles(bob)[site]["boundary"] == square(*AT, 0.001)
    with world.owner() as connection:
        connection.execute(
            text(
                "UPDATE places SET boundary = ST_Multi(ST_MakeEnvelope(126.9, 37.4, 127.1, 37.6, 4326)), version = 2"
                " WHERE id = :site"
            ),
            {"site": site},
        )
        connection.execute(
            text(
                "INSERT INTO boundary_versions (place_id, number, organisation_id, boundary, valid_from)"
                " SELECT id, version, organisation_id, boundary, now() FROM places WHERE id = :site"
            ),
            {"site": site},
        )
    for geometry in (circles(bob)[site]["boundary"], kept(bob, site)[site]["geometry"]):
        assert shape(geometry).bounds == (126.9, 37.4, 127.1, 37.6)
    assert circles(bob)[site]["radius_m"] > 10_000
    numbers = [item["version"] for item in org.admin.get(f"/v1/admin/sites/{site}/boundaries")["items"]]
    assert numbers == [2, 1]


def test_a_list_ends_its_page_where_the_corners_are_many_and_goes_on_with_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    zones = [draws(org, site, detailed(n), f"Yard {n}") for n in (600, 700, 2_000, 600)]
    zones.append(draws(org, site, square(*AT, 0.0001), "Gate"))
    monkeypatch.setattr(lists, "MOST_WHOLE", 1_500)
    pages: list[list[str]] = []
    path, cursor = f"/v1/admin/sites/{site}/zones?limit=100", ""
    while cursor is not None:
        page = org.admin.get(f"{path}{cursor and f'&cursor={cursor}'}")
        pages.append([zone["id"] for zone in page["items"]])
        cursor = page["next"]
    assert pages == [zones[:2], [zones[2]], zones[3:]]


def test_so_does_a_history(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    for version in (1, 2):
        edit = {"type": "Feature", "geometry": detailed(1_000, seed=version)}
        org.admin.patch(f"/v1/admin/sites/{site}", edit, If_Match=f'"{version}"')
    monkeypatch.setattr(lists, "MOST_WHOLE", 1_500)
    path = f"/v1/admin/sites/{site}/boundaries"
    first = org.admin.get(path)
    assert [item["version"] for item in first["items"]] == [3]
    rest = org.admin.get(f"{path}?cursor={first['next']}")
    assert [item["version"] for item in rest["items"]] == [2, 1]
    assert rest["next"] is None


def test_in_a_bundle_what_finds_no_room_comes_without_its_outline(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    zones = [draws(org, site, square(*AT, 0.0001 * n), f"Zone {n}") for n in (1, 2, 3)]
    monkeypatch.setattr(bundle, "MOST_SIMPLE", 16)
    places = kept(org.person("Bob"), site)
    assert list(places) == [site, *zones]
    assert [place["geometry"] is not None for place in places.values()] == [True, True, True, False]
    assert places[zones[2]]["simplified_m"] is None


@pytest.mark.parametrize(
    ("corners", "chosen"), [([], 0), ([900], 1), ([5, 5, 5], 2), ([10, 1], 1), ([11, 1], 1), ([1] * 10, 10)]
)
def test_the_first_always_fits(corners: list[int], chosen: int) -> None:
    assert fitting(corners, corners, 10) == corners[:chosen]


def test_an_event_names_the_place_and_not_its_outline(world: World) -> None:
    org = world.organisation()
    org.admin.post("/v1/admin/sites", feature(detailed(600), name="Depot", admission="open"), 201)
    (told,) = [event for event in org.person("Bob").syncs(0) if event["type"] == "place.created"]
    assert told["data"]["geometry"] is None


def test_a_drawing_that_is_sent_again_is_answered_with_its_outline_again(world: World) -> None:
    org = world.organisation()
    site, body = org.site(), feature(detailed(600), name="Yard")
    path = f"/v1/admin/sites/{site}/zones"
    first = org.admin.post(path, body, 201, Idempotency_Key="yard")
    assert org.admin.post(path, body, 201, Idempotency_Key="yard") == first
    assert corners_of(first["geometry"]) == 601
