"""What bad input gets: a clear problem, and no change."""

from typing import Any

import pytest

from tests.world import PASSWORD, Phone, World, feature, square

POLYGON = square(127, 37.5, 0.001)


def polygon(*corners: tuple[Any, Any]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]}


BAD_BOUNDARIES = {
    "boundary_self_crossing": polygon((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)),
    "boundary_projected": polygon((500000, 4649776), (500100, 4649776), (500100, 4649876), (500000, 4649776)),
    "boundary_too_many_vertices": {"type": "Polygon", "coordinates": [[[0, 0]] * 100_000]},
    "boundary_not_a_number": polygon(("0", 0), (1, 0), (1, 1), (0, 0)),
    "boundary_out_of_range": polygon((0, 91), (1, 0), (1, 1), (0, 91)),
    "boundary_not_polygon": {"type": "Point", "coordinates": [0, 0]},
    "boundary_malformed": {"type": "Polygon", "coordinates": {"a": 1}},
    "boundary_too_few_points": polygon((0, 0), (1, 1), (0, 0)),
    "boundary_encloses_pole": polygon((45, 40), (135, 40), (-135, 40), (-45, 40), (45, 40)),
    "boundary_ambiguous": polygon((-179, 0), (1, 0), (179, 1), (-179, 0)),
}


@pytest.mark.parametrize("code", BAD_BOUNDARIES)
def test_a_boundary_without_clear_meaning_is_refused(world: World, code: str) -> None:
    admin = world.organisation().admin
    problem = admin.post("/v1/admin/sites", feature(BAD_BOUNDARIES[code], name="x"), 422)
    assert problem["code"] == code
    assert problem["errors"][0]["pointer"].startswith(("/geometry", ""))
    assert admin.get("/v1/admin/sites")["items"] == []


def test_the_place_of_a_crossing_is_told(world: World) -> None:
    body = feature(BAD_BOUNDARIES["boundary_self_crossing"], name="x")
    assert world.organisation().admin.post("/v1/admin/sites", body, 422)["at"] == [0.5, 0.5]


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 10_001, "a\0b", 5, None])
def test_text_has_to_be_text(world: World, text: Any) -> None:
    org = world.organisation()
    problem = org.admin.posts(str(org.id), text, 422)
    assert problem["errors"][0]["pointer"] == "/text"
    assert org.admin.feed() == []


def test_a_nul_character_deep_inside_is_found(world: World) -> None:
    org = world.organisation()
    deep = b'{"text": ' + b"[" * 31 + b'"\\u0000"' + b"]" * 31 + b"}"
    path = f"/v1/scopes/{org.id}/posts"
    token = {"Authorization": f"Bearer {org.admin.tokens['access_token']}"}
    answer = world.app.test_client().post(path, data=deep, content_type="application/json", headers=token)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "nul_character")


def test_ten_thousand_characters_of_any_script_are_fine(world: World) -> None:
    org = world.organisation()
    org.admin.posts(str(org.id), "가" * 10_000)


def test_unknown_members_are_refused_in_bodies_and_queries(world: World) -> None:
    org = world.organisation()
    body = {"text": "x", "txet": "x"}
    problem = org.admin.post(f"/v1/scopes/{org.id}/posts", body, 422)
    assert problem["errors"] == [{"pointer": "/txet", "message": "Unknown field."}]
    assert org.admin.get("/v1/feed?limt=5", 422)["errors"][0]["pointer"] == "/limt"
    assert org.admin.get("/v1/me?x=1", 422)["errors"][0]["pointer"] == "/x"
    org.admin.get("/v1/feed?limit=5&limit=6", 422)


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b'{"text": NaN}', "application/json", 400, "not_json"),
        (b'{"text": "\xff"}', "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "nested_too_deep"),
        (b"text=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"[]", "application/json", 422, "invalid"),
        (b" " * (20 * 1024 * 1024), "application/json", 413, "too_large"),
    ],
)
def test_a_body_that_is_no_json_object(
    world: World, data: bytes, content_type: str, status: int, code: str
) -> None:
    org = world.organisation()
    headers = {"Authorization": f"Bearer {org.admin.tokens['access_token']}"}
    answer = world.app.test_client().post(
        f"/v1/scopes/{org.id}/posts", data=data, content_type=content_type, headers=headers
    )
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"


def test_what_is_not_there_and_what_is_not_allowed_are_problems_too(world: World) -> None:
    admin = world.organisation().admin
    assert admin.get("/v1/nothing", 404)["code"] == "not_found"
    assert admin.delete("/v1/feed", 405)["code"] == "method_not_allowed"
    assert admin.get("/v1/posts/not-an-id", 404)["code"] == "not_found"
    assert admin.get("/v1/feed?cursor=nonsense", 422)["code"] == "cursor_invalid"
    assert admin.get("/v1/sync?after=999999", 410)["code"] == "position_unknown"


@pytest.mark.parametrize(
    "fix",
    [
        {"lat": 91},
        {"lon": -181},
        {"lon": "126"},
        {"at": "yesterday"},
        {"at": "2026-01-01"},
        {"at": "2026-01-01T00:00:00"},
        {"accuracy": -1},
        {"mock": "maybe"},
        {"floor": 1.5},
    ],
)
def test_a_fix_that_cannot_be_is_refused_by_itself(world: World, fix: dict[str, Any]) -> None:
    good = {"at": "2026-01-01T00:00:00Z", "lon": 127, "lat": 37.5}
    alice = world.organisation().person("Alice")
    (refused,) = alice.post("/v1/me/fixes", {"fixes": [{**good, **fix}]})["refused"]
    assert refused["code"] == "fix_invalid"
    assert refused["detail"].startswith(f"{next(iter(fix))}: ")


def test_refusals_speak_korean_when_asked(world: World) -> None:
    problem = world.organisation().admin.request("GET", "/v1/nothing", Accept_Language="ko-KR").get_json()
    assert problem["code"] == "not_found"
    phone = Phone(world.organisation(), "X")
    assert phone.request("GET", "/v1/me", Accept_Language="ko").get_json()["title"] == "먼저 로그인해 주세요"


def test_a_weak_password_opens_no_account(world: World) -> None:
    org = world.organisation()
    code = org.admin.post("/v1/admin/invitations", {}, 201)["code"]
    phone = Phone(org, "X")
    body = {"code": code, "email": "x@example.com", "name": "X", "password": "short", "device": phone.app}
    assert phone.post("/v1/invitations/accept", body, 422)["errors"][0]["pointer"] == "/password"
    phone.post("/v1/invitations/accept", {**body, "password": PASSWORD}, 201)
