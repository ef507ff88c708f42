"""The seam to the SDK: one request a message, and every answer turned into one of five outcomes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import firebase_admin
import pytest
import requests

from push.fcm import FcmSender, Gone, Later, Mismatch, Outcome, Refused, Sent, sdk_session
from push.messages import Push, build_message
from push.standin.rules import breaches
from tests.product import Product

PUSH = Push("device-" + "a" * 20, "token", "Alice", "hello", {"n": "1"}, "c", "t", timedelta(hours=1))


@pytest.fixture
def sender(product: Product) -> Iterator[FcmSender]:
    made = FcmSender(product.folder / "credentials.json", None, product.standin, timeout_s=1)
    yield made
    made.close()


def requests_made(product: Product) -> int:
    return requests.get(f"{product.standin}/standin/messages", timeout=5).json()["requests"]


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({}, Sent),
        ({"status": 404, "error_code": "UNREGISTERED"}, Gone),
        ({"status": 403, "error_code": "SENDER_ID_MISMATCH"}, Mismatch),
        ({"status": 400, "error_code": "INVALID_ARGUMENT"}, Refused),
        ({"status": 429, "error_code": "QUOTA_EXCEEDED", "retry_after": 60}, Later),
        ({"status": 500, "error_code": "INTERNAL"}, Later),
        ({"status": 502}, Later),
        ({"status": 503, "error_code": "UNAVAILABLE", "retry_after": 7}, Later),
        ({"delay_ms": 1_500}, Later),
    ],
)
def test_every_answer_is_one_outcome_of_one_request(
    product: Product, sender: FcmSender, behaviour: dict[str, object], expected: type[Outcome]
) -> None:
    push = replace(PUSH, address=f"device-{expected.__name__}-{abs(hash(str(behaviour)))}")
    product.behave(**{push.address: behaviour})
    before = requests_made(product)
    outcome = sender.send(build_message(push))
    assert isinstance(outcome, expected), outcome
    assert requests_made(product) - before == 1
    if "retry_after" in behaviour:
        assert isinstance(outcome, Later)
        assert outcome.after_s == behaviour["retry_after"]


def test_a_lost_token_server_is_later_too(product: Product, tmp_path: Path) -> None:
    account = json.loads((product.folder / "credentials.json").read_text())
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(account | {"token_uri": "http://127.0.0.1:9/token"}))
    sender = FcmSender(path, None, product.standin, timeout_s=1)
    assert isinstance(sender.send(build_message(PUSH)), Later)
    sender.close()


def test_the_sdk_keeps_its_session_where_we_look(product: Product) -> None:
    certificate = firebase_admin.credentials.Certificate(str(product.folder / "credentials.json"))
    app = firebase_admin.initialize_app(certificate, name="contract")
    assert isinstance(sdk_session(app), requests.Session)
    firebase_admin.delete_app(app)


@pytest.mark.parametrize(
    "message",
    [
        {"token": "a" * 20, "data": {"n": 1}},
        {"token": "a" * 20, "surprise": True},
        {"token": "a" * 20, "topic": "all"},
        {"token": "no spaces allowed"},
        {"token": "a" * 20, "data": {"k": "x" * 5_000}},
        {"token": "a" * 20, "data": {"from": "x"}},
        {"token": "a" * 20, "android": {"ttl": "3000000s"}},
        {},
    ],
)
def test_the_stand_in_is_as_strict_as_google(message: dict[str, object]) -> None:
    assert breaches({"message": message}) != []


def test_the_stand_in_takes_what_is_right() -> None:
    assert breaches({"message": {"token": "a" * 20, "data": {"n": "1"}, "android": {"ttl": "60s"}}}) == []
