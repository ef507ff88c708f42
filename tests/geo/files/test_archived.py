"""Places that were archived, and the file that knows them comes again: the same places, never one more."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stories.charters import promises
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import GATE
from tests.stories.hours import never_now
from tests.stories.regions import enters
from tests.stories.scopes import manager
from tests.world import Organisation, Phone, World, feature, square

SITE = feature(square(*GATE, 0.01), name="Depot", external_id="depot")
HALL = feature(square(*GATE, 0.001), kind="zone", name="Hall", external_id="hall", site_external_id="depot")
ROOM = HALL | {"properties": HALL["properties"] | {"name": "Room", "external_id": "room"}}
FILE = (HALL, ROOM, SITE)


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def imports(phone: Phone, *features: dict[str, Any]) -> list[dict[str, Any]]:
    """What became of each feature, in the order of the file."""
    body = {"type": "FeatureCollection", "features": list(features)}
    items = phone.post("/v1/admin/places/import", body)["items"]
    return sorted(items, key=lambda item: item["index"])


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    """The outcomes, or the codes of what was refused."""
    return [result["code"] or result["outcome"] for result in results]


def ids(results: list[dict[str, Any]]) -> list[str]:
    return [result["place_id"] for result in results]


def archives(org: Organisation, kind: str, place: str) -> None:
    path = f"/v1/admin/{kind}s/{place}"
    org.admin.delete(path, If_Match=org.admin.request("GET", path).headers["ETag"])


def standing(org: Organisation) -> list[str]:
    """The names of all sites and zones that stand."""
    sites = org.admin.get("/v1/admin/sites")["items"]
    zones = [org.admin.get(f"/v1/admin/sites/{site['id']}/zones")["items"] for site in sites]
    return sorted(
        place["properties"]["name"] for place in [*sites, *(zone for some in zones for zone in some)]
    )


def test_a_site_and_its_zones_are_opened_again_and_then_unchanged(org: Organisation) -> None:
    first = imports(org.admin, *FILE)
    archives(org, "site", first[2]["place_id"])
    assert standing(org) == []
    again = imports(org.admin, *FILE)
    assert (outcomes(again), ids(again)) == (["updated"] * 3, ids(first))
    assert [result["notes"] for result in again] == [["reopened", "overlaps_sibling"]] * 2 + [["reopened"]]
    third = imports(org.admin, *FILE)
    assert (outcomes(third), ids(third)) == (["unchanged"] * 3, ids(first))
    assert standing(org) == ["Depot", "Hall", "Room"]


def test_the_site_alone_comes_without_its_zones_and_zones_alone_do_not_come(org: Organisation) -> None:
    first = imports(org.admin, *FILE)
    archives(org, "site", first[2]["place_id"])
    nameless = {**ROOM, "properties": {k: v for k, v in ROOM["properties"].items() if "site" not in k}}
    for _ in range(2):
        assert outcomes(imports(org.admin, HALL, nameless)) == ["site_not_found"] * 2
    assert outcomes(imports(org.admin, SITE)) == ["updated"]
    assert standing(org) == ["Depot"]
    again = imports(org.admin, HALL, nameless)
    assert (outcomes(again), ids(again)) == (["updated"] * 2, ids(first)[:2])
    assert standing(org) == ["Depot", "Hall", "Room"]


def test_a_zone_of_a_site_that_stands(org: Organisation) -> None:
    first = imports(org.admin, *FILE)
    archives(org, "zone", first[0]["place_id"])
    moved = {
        **HALL,
        "geometry": square(*GATE, 0.002),
        "properties": HALL["properties"] | {"name": "New hall"},
    }
    again = imports(org.admin, moved, ROOM, SITE)
    assert (outcomes(again), ids(again)) == (["updated", "unchanged", "unchanged"], ids(first))
    assert outcomes(imports(org.admin, moved)) == ["unchanged"]
    assert standing(org) == ["Depot", "New hall", "Room"]


def test_its_words_and_codes_are_there_again_and_nobody_belongs_to_it(org: Organisation) -> None:
    site = ids(imports(org.admin, SITE))[0]
    bob = org.person("Bob", scopes=[site])
    door = code(org, marker(org, site))
    bob.posts(site, "before")
    archives(org, "site", site)
    org.world.relays()
    since = bob.get("/v1/me")["position"]
    scans(bob, door, 404)
    imports(org.admin, SITE)
    assert [event["type"] for event in bob.syncs(since)] == ["place.updated"]
    assert bob.get("/v1/me")["memberships"] == []
    bob.get(f"/v1/scopes/{site}/posts", 403)
    scans(bob, door)
    assert bob.reads(site) == ["before"]


def test_a_zone_that_moved_to_another_site_and_a_site_that_became_a_zone(org: Organisation) -> None:
    other = feature(square(127.1, 37.5, 0.01), name="Other", external_id="other")
    first = imports(org.admin, *FILE, other)
    there = {**HALL, "properties": HALL["properties"] | {"site_external_id": "other"}}
    assert outcomes(imports(org.admin, there)) == ["site_differs"]
    archives(org, "zone", first[0]["place_id"])
    moved = imports(org.admin, there)
    assert outcomes(moved) == ["created"]
    again = imports(org.admin, there)
    assert (outcomes(again), ids(again)) == (["unchanged"], ids(moved))
    archives(org, "site", first[2]["place_id"])
    zone = {**SITE, "properties": {"kind": "zone", "external_id": "depot", "site_external_id": "other"}}
    assert [outcomes(imports(org.admin, zone)) for _ in range(2)] == [["created"], ["unchanged"]]


def test_the_same_external_id_however_it_is_written(org: Organisation) -> None:
    whole = {**SITE, "properties": {"name": "창고", "external_id": "창고-é"}}
    parts = {
        **SITE,
        "properties": {k: unicodedata.normalize("NFD", v) for k, v in whole["properties"].items()},
    }
    assert parts != whole
    first = imports(org.admin, whole)
    archives(org, "site", first[0]["place_id"])
    again = imports(org.admin, parts)
    assert (outcomes(again), ids(again)) == (["updated"], ids(first))


def test_without_an_external_id_a_closed_place_is_another_one(org: Organisation) -> None:
    nameless = {**SITE, "properties": {"name": "Depot"}}
    first = imports(org.admin, nameless)
    archives(org, "site", first[0]["place_id"])
    again = imports(org.admin, nameless)
    assert outcomes(again) == ["created"]
    assert ids(again) != ids(first)
    assert ids(imports(org.admin, nameless)) == ids(again)
    assert standing(org) == ["Depot"]


def test_two_who_import_at_once_open_it_once(org: Organisation) -> None:
    org.person("Ben", role="organisation_administrator")
    ben = org.signs_in("ben@example.com", "Ben")
    first = imports(org.admin, *FILE)
    archives(org, "site", first[2]["place_id"])
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda phone: imports(phone, *FILE), (org.admin, ben)))
    assert sorted(outcomes(results)[2] for results in both) == ["unchanged", "updated"]
    assert [ids(results) for results in both] == [ids(first)] * 2
    assert standing(org) == ["Depot", "Hall", "Room"]


def test_two_who_move_a_zone_at_once_draw_it_once(org: Organisation) -> None:
    other = feature(square(127.1, 37.5, 0.01), name="Other", external_id="other")
    first = imports(org.admin, *FILE, other)
    archives(org, "zone", first[0]["place_id"])
    there = {**HALL, "properties": HALL["properties"] | {"site_external_id": "other"}}
    org.person("Ben", role="organisation_administrator")
    ben = org.signs_in("ben@example.com", "Ben")
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda phone: imports(phone, there), (org.admin, ben)))
    assert sorted(outcomes(results)[0] for results in both) == ["created", "unchanged"]
    assert len({ids(results)[0] for results in both}) == 1
    assert standing(org) == ["Depot", "Hall", "Other", "Room"]


def test_who_may_not_add_a_site_opens_none_again(org: Organisation) -> None:
    first = imports(org.admin, *FILE)
    hanna = manager(org, "Hanna", first[2]["place_id"])
    archives(org, "zone", first[0]["place_id"])
    assert outcomes(imports(hanna, HALL)) == ["updated"]
    keeps = org.site("Elsewhere", at=(127.2, 37.5))
    eve = manager(org, "Eve", keeps)
    archives(org, "zone", first[0]["place_id"])
    assert outcomes(imports(eve, HALL)) == ["forbidden"]
    archives(org, "site", first[2]["place_id"])
    assert outcomes(imports(eve, SITE)) == ["forbidden"]


def test_a_charter_that_changed_meanwhile_holds_for_the_zone_that_comes_back(org: Organisation) -> None:
    first, bob = imports(org.admin, *FILE), org.person("Bob")
    archives(org, "zone", first[0]["place_id"])
    promises(org, first[2]["place_id"], hours=never_now())
    imports(org.admin, HALL)
    assert enters(bob, first[0]["place_id"]) == ["refused"]
