"""Small answers for bad networks: nothing new costs no body, pages are compressed, members may be left out."""

import gzip

import brotli
import orjson
import pytest

from tests.world import Organisation, Phone, World


@pytest.fixture
def org(world: World) -> Organisation:
    org = world.organisation()
    for number in range(30):
        org.admin.posts(str(org.id), f"The {number}th crane is free at the west gate.")
    world.relays()
    return org


def body_of(phone: Phone, **headers: str) -> tuple[str | None, bytes]:
    answer = phone.request("GET", "/v1/sync?after=0", **headers)
    return answer.headers.get("Content-Encoding"), answer.get_data()


def test_the_page_that_one_has_is_not_sent_again(org: Organisation) -> None:
    first = org.admin.request("GET", "/v1/sync?after=0")
    again = org.admin.request("GET", "/v1/sync?after=0", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    org.admin.posts(str(org.id), "news")
    org.world.relays()
    changed = org.admin.request("GET", "/v1/sync?after=0", If_None_Match=first.headers["ETag"])
    assert changed.status_code == 200


def test_brotli_and_gzip_carry_the_same_page_in_a_fraction_of_its_size(org: Organisation) -> None:
    _, plain = body_of(org.admin)
    coding, small = body_of(org.admin, Accept_Encoding="gzip, deflate, br")
    assert coding == "br"
    assert brotli.decompress(small) == plain
    assert len(small) < len(plain) / 4
    coding, zipped = body_of(org.admin, Accept_Encoding="gzip")
    assert coding == "gzip"
    assert gzip.decompress(zipped) == plain


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.5, br;q=0.4", "gzip"),
        ("identity", None),
        ("*", "br"),
        ("zstd", None),
    ],
)
def test_the_client_chooses_the_coding(org: Organisation, accepted: str, coding: str | None) -> None:
    answer = org.admin.request("GET", "/v1/sync?after=0", Accept_Encoding=accepted)
    assert answer.headers.get("Content-Encoding") == coding
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_what_is_short_is_sent_as_it_is(org: Organisation) -> None:
    position = org.admin.get("/v1/me")["position"]
    answer = org.admin.request("GET", f"/v1/sync?after={position}", Accept_Encoding="br")
    assert "Content-Encoding" not in answer.headers
    assert orjson.loads(answer.get_data())["items"] == []


def test_only_the_members_asked_for_are_sent_but_what_concerns_oneself_comes_whole(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = org.person("Bob", scopes=[site])
    org.admin.posts(site, "short")
    org.world.relays()
    events = bob.get("/v1/sync?after=0&limit=500&fields=text,author")["items"]
    post = next(event for event in events if event["data"].get("text") == "short")
    assert post["data"].keys() == {"id", "text", "author", "version", "deleted_at"}
    begun = next(event for event in events if event["type"] == "membership.started")
    assert begun["data"]["fetch_from"] == f"/v1/scopes/{site}/posts"


def test_members_that_no_event_has_are_a_mistake(org: Organisation) -> None:
    assert org.admin.get("/v1/sync?after=0&fields=text,txet", 422)["errors"][0]["pointer"] == "/fields"
