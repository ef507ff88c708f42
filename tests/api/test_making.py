"""Large bodies are read and worked on in another process: with the same answers, and for those alone who may ask."""

from typing import Any

import orjson
import pytest

from base.work import apart
from base.work.apart import Children
from tests.stories.detailed import corners_of, detailed, draws, rounded
from tests.stories.scopes import manager
from tests.stories.times import ago
from tests.world import Phone, World, feature, square

MANY = 4_000  # as JSON, two hundred kilobytes


def sends(phone: Phone, method: str, path: str, raw: bytes, media: str = "application/json") -> Any:
    client = phone._client
    headers = {"Authorization": f"Bearer {phone.tokens['access_token']}", "If-Match": "*"}
    return client.open(path, method=method, data=raw, content_type=media, headers=headers)


def large(**members: Any) -> bytes:
    return orjson.dumps(feature(detailed(MANY), name="Yard", **members))


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_a_large_drawing_is_taken_edited_and_checked_as_a_small_one(world: World) -> None:
    org = world.organisation()
    site = org.site()
    made = sends(org.admin, "POST", f"/v1/admin/sites/{site}/zones", large())
    assert made.status_code == 201
    assert made.get_json()["geometry"] == rounded(detailed(MANY))
    edit = orjson.dumps({"type": "Feature", "geometry": detailed(MANY, seed=1)})
    edited = sends(org.admin, "PATCH", f"/v1/admin/zones/{made.get_json()['id']}", edit).get_json()
    assert edited["geometry"] == rounded(detailed(MANY, seed=1))
    draft = sends(org.admin, "POST", f"/v1/admin/sites/{site}/drafts", large()).get_json()
    assert draft["vertices"] == MANY + 1
    assert draft["geometry"] == rounded(detailed(MANY))
    assert {advice["code"] for advice in draft["advice"]} >= {"many_vertices", "sticks_out_of_site"}


def test_a_long_track_is_played(world: World) -> None:
    org = world.organisation()
    site = org.site()
    fixes = [{"at": ago(seconds=3_600 - n), "lon": 127.0, "lat": 37.5, "accuracy": 8} for n in range(1_500)]
    body = {"geometry": square(127.0, 37.5, 0.001), "fixes": fixes}
    played = org.admin.post(f"/v1/admin/sites/{site}/drafts/rehearsal", body)
    assert played["considered"] == 1_500
    assert [event["entered"] for event in played["events"]] == [True]
    few = org.admin.post(f"/v1/admin/sites/{site}/drafts/rehearsal", body | {"fixes": fixes[:100]})
    assert few["events"] == played["events"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"[" + b" " * 100_000, (400, "not_json")),
        (large()[:-1], (400, "not_json")),
        (large(admission="nobody"), (422, "invalid")),
        (large(unknown=True), (422, "invalid")),
        (large().replace(b"Yard", b"Ya\\u0000rd"), (422, "nul_character")),
        (large().replace(b'"Polygon"', b'"Point"'), (422, "boundary_not_polygon")),
        (large().replace(b"[[[127.", b"[[[927."), (422, "boundary_out_of_range")),
    ],
)
def test_what_is_wrong_with_it_is_told_as_ever_and_nothing_is_drawn(
    world: World, raw: bytes, expected: tuple[int, str]
) -> None:
    org = world.organisation()
    site = org.site()
    assert told(sends(org.admin, "POST", f"/v1/admin/sites/{site}/zones", raw)) == expected
    assert org.admin.get(f"/v1/admin/sites/{site}/zones")["items"] == []


def test_another_media_type_is_refused_however_large(world: World) -> None:
    org = world.organisation()
    answer = sends(org.admin, "POST", f"/v1/admin/sites/{org.site()}/zones", large(), "text/plain")
    assert told(answer) == (415, "unsupported_media_type")


def test_who_may_do_nothing_with_it_has_nothing_read_in_another_process(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And who may not do it there learns that, and nothing of what is wrong with the body."""
    org = world.organisation()
    mine, other = org.site("Mine"), org.site("Other")
    hanna, bob = manager(org, "Hanna", mine), org.person("Bob")
    broken = large().replace(b'"Polygon"', b'"Point"')
    assert told(sends(hanna, "POST", f"/v1/admin/sites/{other}/zones", broken))[0] in (403, 404)
    monkeypatch.setattr(apart, "_children", Children(processes=1, waiting=-1))  # nobody gets a turn
    for path in (f"/v1/admin/sites/{mine}/zones", "/v1/admin/sites", f"/v1/admin/sites/{mine}/drafts"):
        assert told(sends(bob, "POST", path, b"{" * 200_000)) == (403, "forbidden")
    file = "/v1/admin/places/import/file?filename=x.json"
    assert told(sends(bob, "POST", file, large(), "application/octet-stream")) == (403, "forbidden")


def test_when_all_children_work_it_is_refused_at_once_and_small_ones_are_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = world.organisation()
    site = org.site()
    monkeypatch.setattr(apart, "_children", Children(processes=1, waiting=-1))
    answer = sends(org.admin, "POST", f"/v1/admin/sites/{site}/zones", large())
    assert told(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    draws(org, site, square(127.0, 37.5, 0.0001))


def test_what_takes_for_ever_ends_in_a_clear_refusal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    org = world.organisation()
    site = org.site()
    monkeypatch.setattr(apart, "_children", Children(processes=1, waiting=1, longest_s=0.001))
    assert told(sends(org.admin, "POST", f"/v1/admin/sites/{site}/zones", large())) == (422, "too_much_work")
    file = sends(
        org.admin, "POST", "/v1/admin/places/import/file?filename=x.json", large(), "application/octet-stream"
    )
    assert told(file) == (422, "file_too_slow")


def test_a_file_of_detailed_places_comes_in_whole_once(world: World) -> None:
    org = world.organisation()
    features = [
        feature(detailed(MANY, seed=n), kind="site", name=f"Site {n}", external_id=f"s{n}") for n in range(3)
    ]
    raw = orjson.dumps({"type": "FeatureCollection", "features": [*features, {"type": "Feature"}]})
    path = "/v1/admin/places/import/file?filename=sites.geojson"
    first = sends(org.admin, "POST", path, raw, "application/octet-stream").get_json()["items"]
    assert [item["outcome"] for item in first] == ["created"] * 3 + ["refused"]
    again = sends(org.admin, "POST", "/v1/admin/places/import", raw).get_json()["items"]
    assert [item["outcome"] for item in again] == ["unchanged"] * 3 + ["refused"]
    assert corners_of(org.admin.get(f"/v1/admin/sites/{first[0]['place_id']}")["geometry"]) == MANY + 1
