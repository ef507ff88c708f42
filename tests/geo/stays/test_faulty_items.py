"""What a phone gathers is judged one by one: a faulty item is refused alone, and the queue gets empty."""

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
