"""The stand-in refuses what Google would refuse, and fails as it is told."""

from typing import Any

import pytest

from push.standin.mailbox import Faults
from push.standin.rules import breaches

TO = {"token": "a" * 20}


def apns(**headers: Any) -> dict[str, Any]:
    return {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"token": "a" * 20, "topic": "all"},
        {"token": "a" * 20, "fid": "b" * 20},
        {"token": "no spaces allowed"},
        {"topic": "no spaces allowed"},
        {"topic": "x" * 901},
        TO | {"surprise": True},
        TO | {"notification": {"title": 5}},
        TO | {"data": {"n": 1}},
        TO | {"data": {"k": "x" * 5_000}},
        TO | {"data": {"k": "가" * 1_400}},
        TO | {"data": {"from": "x"}},
        TO | {"data": {"google.x": "x"}},
        TO | {"data": {"message_type": "x"}},
        TO | {"android": {"data": {"gcm.x": "x"}}},
        TO | {"android": {"ttl": "3000000s"}},
        TO | {"android": {"ttl": "60"}},
        TO | {"android": {"priority": "urgent"}},
        TO | {"android": {"collapse_key": 5}},
        TO | {"android": {"notification": {"tag": 5}}},
        TO | {"android": {"notification": {"notification_priority": "HIGH"}}},
        TO | {"android": {"notification": {"image": "http://example.com/a.png"}}},
        TO | {"notification": {"image": "ftp://example.com/a.png"}},
        TO | {"apns": {"fcm_options": {"image": "a.png"}}},
        TO | {"apns": apns(apns_priority="7")},
        TO | {"apns": apns(apns_priority=10)},
        TO | {"apns": apns(apns_priority="10", apns_push_type="background")},
        TO | {"apns": apns(apns_collapse_id="가" * 22)},
        TO | {"apns": apns(apns_expiration="tomorrow")},
        TO | {"apns": apns(apns_push_type="loud")},
        TO | {"apns": apns(apns_surprise="1")},
        TO | {"apns": {"payload": {"badge": 1}}},
        TO | {"apns": {"payload": {"aps": {"interruption-level": "loud"}}}},
        TO | {"apns": {"payload": {"aps": {}, "k": "x" * 5_000}}},
    ],
)
def test_the_stand_in_is_as_strict_as_google(message: dict[str, Any]) -> None:
    assert breaches({"message": message}) != []


@pytest.mark.parametrize(
    "request_body", [None, [], {}, {"message": []}, {"message": TO, "validate_only": "yes"}]
)
def test_what_is_no_request_is_refused(request_body: Any) -> None:
    assert breaches(request_body) != []


@pytest.mark.parametrize(
    "message",
    [
        TO | {"data": {"n": "1"}, "android": {"ttl": "60s", "priority": "high", "collapse_key": "c"}},
        TO | {"android": {"notification": {"tag": "t", "notification_priority": "PRIORITY_HIGH"}}},
        TO | {"notification": {"title": "t", "image": "https://example.com/a.png"}},
        TO | {"apns": apns(apns_priority="5", apns_collapse_id="가" * 21, apns_expiration="0")},
        TO | {"apns": apns(apns_priority="10", apns_push_type="alert") | {"payload": {"aps": {"badge": 3}}}},
    ],
)
def test_the_stand_in_takes_what_is_right(message: dict[str, Any]) -> None:
    assert breaches({"message": message, "validate_only": True}) == []


def test_faults_come_at_their_rates_and_the_same_again_for_the_same_seed() -> None:
    faults = Faults(seed=5, error_500=0.1, quota_429=0.05, unregistered=0.02)
    drawn = [faults.drawn(f"device-{n}", 1) for n in range(5_000)]
    assert drawn == [faults.drawn(f"device-{n}", 1) for n in range(5_000)]
    shares = {s: sum(way.get("status") == s for way in drawn) / 5_000 for s in (404, 429, 500)}
    assert 0.015 < shares[404] < 0.025
    assert 0.04 < shares[429] < 0.06
    assert 0.085 < shares[500] < 0.115
    gone = [n for n, way in enumerate(drawn) if way.get("status") == 404]
    assert all(faults.drawn(f"device-{n}", again)["status"] == 404 for n in gone for again in (2, 3))
    failed = [n for n, way in enumerate(drawn) if way.get("status") == 500]
    assert any("status" not in faults.drawn(f"device-{n}", 2) for n in failed)
