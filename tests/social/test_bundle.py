"""A site in one answer, for where there is no network; and nothing in it that one may not know."""

from typing import Any

from tests.stories.scopes import manager
from tests.stories.visits import is_seen
from tests.world import Phone, World


def bundle(phone: Phone, site: str) -> dict[str, Any]:
    return phone.get(f"/v1/sites/{site}/bundle")


def test_it_has_all_that_one_needs(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    zone = org.zone(site, "Gate", admission="open")
    bob = org.person("Bob", scopes=[site])
    manager(org, "Hanna", site)
    org.admin.posts(site, "mind the crane")
    org.admin.posts(zone, "gate is open")
    is_seen(org, bob, site)
    org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "Fire alarm"}, 201)
    got = bundle(bob, site)
    assert [place["id"] for place in got["places"]] == [site, zone]
    assert got["places"][0]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    assert [post["text"] for post in got["posts"]] == ["gate is open", "mind the crane"]
    assert [contact["person"]["name"] for contact in got["contacts"]] == ["Hanna"]
    assert [muster["message"] for muster in got["musters"]] == ["Fire alarm"]
    assert got["charter"]["site_id"] == site


def test_what_one_has_is_not_sent_again_until_something_changes(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    bob = org.person("Bob")
    path = f"/v1/sites/{site}/bundle"
    first = bob.request("GET", path)
    tag = first.headers["ETag"]
    again = bob.request("GET", path, If_None_Match=tag)
    assert (again.status_code, again.get_data()) == (304, b"")
    org.admin.posts(site, "news")
    assert bob.request("GET", path, If_None_Match=tag).status_code == 200


def test_on_the_way_to_a_place_one_gets_its_fence_and_none_of_its_words(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="present")
    secret = org.zone(site, "Vault", admission="assigned")
    bob = org.person("Bob")
    for scope in (site, secret):
        org.admin.posts(scope, "for those who are there")
    got = bundle(bob, site)
    assert [place["id"] for place in got["places"]] == [site]
    assert (got["posts"], got["readable_ids"]) == ([], [])


def test_a_site_out_of_sight_has_no_bundle(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    zone = org.zone(site, admission="open")
    for phone in (org.person("Eve"), world.organisation().admin):
        phone.get(f"/v1/sites/{site}/bundle", 404)
    org.admin.get(f"/v1/sites/{zone}/bundle", 404)
