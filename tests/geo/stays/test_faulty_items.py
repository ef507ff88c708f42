"""What a phone gathers is judged one by one: a faulty item is refused alone, and the queue gets empty."""

import json
from typing import Any

import pytest

from base import clock
from tests.world import Phone, World


@pytest.fixture
def alice(world: World) -> Phone:
    return world.organisation().person("Alice")


def fix(**changed: Any) -> dict[str, Any]:
    return {"at": clock.wire(clock.now()), "lon": 127.0, "lat": 37.5, "accuracy": 8, **changed}


FAULTY: dict[str, Any] = {
    "no accuracy (iOS)": {"accuracy": -1},
    "beyond the pole": {"lat": 91},
    "no time": {"at": "yesterday"},
    "an unknown member": {"more": 1},
    "a floor as text": {"floor": "2"},
    "no place": {"lat": None},
    "nothing": None,
    "a number": 7,
    "a list": [],
}


def faulty(name: str) -> Any:
    """The item, made of a good one where it is wrong in one member."""
    wrong = FAULTY[name]
    return fix(**wrong) if isinstance(wrong, dict) else wrong


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_fix_is_refused_alone(alice: Phone, name: str) -> None:
    report = alice.post("/v1/me/fixes", {"fixes": [fix(), faulty(name), fix()]})
    assert (report["accepted"], [item["index"] for item in report["refused"]]) == (2, [1])
    assert report["refused"][0]["code"] == "fix_invalid"
    assert report["refused"][0]["detail"]


def test_a_batch_of_nothing_but_faulty_ones_is_answered_too(alice: Phone) -> None:
    report = alice.post("/v1/me/fixes", {"fixes": [faulty(name) for name in FAULTY]})
    assert (report["accepted"], len(report["refused"])) == (0, len(FAULTY))


def test_a_speed_that_ios_does_not_know_is_none(alice: Phone) -> None:
    assert alice.post("/v1/me/fixes", {"fixes": [fix(speed=-1), fix(speed=0.5)]})["accepted"] == 2
    refused = alice.post("/v1/me/fixes", {"fixes": [fix(speed=1e5)]})["refused"]
    assert refused[0]["detail"].startswith("speed: ")


def test_the_list_itself_is_bounded_and_has_to_be_one(alice: Phone) -> None:
    for fixes in ([], {}, "x", None, [fix()] * 101):
        fault = alice.post("/v1/me/fixes", {"fixes": fixes}, 422)
        assert fault["errors"][0]["pointer"] == "/fixes"


def test_a_faulty_region_event_is_refused_alone(alice: Phone) -> None:
    site = alice.organisation.site()
    good = {"place_id": site, "type": "enter", "at": clock.wire(clock.now())}
    events = [good, {**good, "type": "teleport"}, {**good, "place_id": "x"}, None]
    items = alice.post("/v1/me/regions/events", {"events": events})["items"]
    assert [item["outcome"] for item in items] == ["taken", "refused", "refused", "refused"]
    assert [item["code"] for item in items] == [None] + ["event_invalid"] * 3


def bodies(kind: str, items: list[Any]) -> tuple[str, bytes]:
    """A route that takes a list, and its body as the phone writes it: JavaScript escapes half an emoji."""
    path, name = {"outbox": ("/v1/me/outbox", "items"), "fixes": ("/v1/me/fixes", "fixes")}[kind]
    said = {"sent_at": clock.wire(clock.now()), name: items}
    return path, json.dumps(said).encode()


def post_in_queue(alice: Phone, client_id: str, text: str) -> dict[str, Any]:
    at = clock.wire(clock.now())
    scope = str(alice.organisation.id)
    return {"kind": "post", "client_id": client_id, "at": at, "scope_id": scope, "text": text}


@pytest.mark.parametrize("wrong", ["a\0b", "\ud83d", "b\ude00"])
def test_text_that_is_none_does_not_hold_up_the_queue(world: World, wrong: str) -> None:
    alice = world.organisation().admin
    items = [post_in_queue(alice, f"client-{n:02}", text) for n, text in enumerate(("one", wrong, "three"))]
    results = sent_raw(world, alice, *bodies("outbox", [*items, {wrong: 1}, 7, None, []]))["items"]
    assert [result["status"] for result in results] == [201, 422, 201, 422, 422, 422, 422]
    assert [result["index"] for result in results] == list(range(7))
    assert all(result["problem"]["detail"] for result in results if result["status"] == 422)
    assert alice.feed() == ["three", "one"]


def test_what_is_no_text_in_a_fix_is_refused_with_it(world: World, alice: Phone) -> None:
    items = [fix(), fix(floor="\ud83d"), fix(), fix(at="\0")]
    report = sent_raw(world, alice, *bodies("fixes", items))
    assert (report["accepted"], [item["index"] for item in report["refused"]]) == (2, [1, 3])
    assert {item["code"] for item in report["refused"]} == {"fix_invalid"}


def test_what_is_wrong_around_the_list_is_wrong_with_all_of_it(world: World, alice: Phone) -> None:
    for body, code in (
        (b'{"items": [], "more": "\\ud83d"}', "not_json"),
        (b'{"items": [{"a": NaN, "b": "\\ud83d"}]}', "not_json"),
        (b'["\\ud83d"]', "not_json"),
        (b'{"items": [{}], "more": "\\u0000"}', "nul_character"),
        (b'{"items": [' + b"[" * 50_000 + b'"\\ud83d"' + b"]" * 50_000 + b"]}", "nested_too_deep"),
    ):
        assert sent_raw(world, alice, "/v1/me/outbox", body)["code"] == code


def sent_raw(world: World, phone: Phone, path: str, body: bytes) -> Any:
    token = {"Authorization": f"Bearer {phone.tokens['access_token']}"}
    post = world.app.test_client().post
    return post(path, data=body, content_type="application/json", headers=token).get_json()
