"""Messages to FCM, the same over each transport: one request a message, and every answer one of five outcomes."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from firebase_admin import messaging

from push.fcm.client import FcmSender, Gone, Later, Mismatch, Outcome, Refused, Sent
from tests.product import Product
from tests.push.messages import address_of, counts, message


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({}, Sent),
        ({"status": 404, "error_code": "UNREGISTERED"}, Gone),
        ({"status": 403, "error_code": "SENDER_ID_MISMATCH"}, Mismatch),
        ({"status": 400, "error_code": "INVALID_ARGUMENT"}, Refused),
        ({"status": 401, "error_code": "THIRD_PARTY_AUTH_ERROR"}, Later),
        ({"status": 404}, Later),
        ({"status": 403}, Later),
        ({"status": 429, "error_code": "QUOTA_EXCEEDED", "retry_after": 60}, Later),
        ({"status": 429}, Later),
        ({"status": 500, "error_code": "INTERNAL"}, Later),
        ({"status": 502}, Later),
        ({"status": 503, "error_code": "UNAVAILABLE", "retry_after": 7}, Later),
        ({"delay_ms": 2_000}, Later),
        ({"cut": True}, Later),
        ({"drop": True}, Later),
        ({"refuse": True}, Later),
    ],
    ids=str,
)
def test_every_answer_is_one_outcome_of_one_request(
    product: Product, sender: FcmSender, behaviour: dict[str, Any], expected: type[Outcome]
) -> None:
    assert isinstance(sender.send(message()), Sent)  # so that the connection is one that was kept
    to_bob = message("bob")
    product.behave(**{address_of(to_bob): behaviour})
    before = counts(product)["requests"]
    outcome = sender.send(to_bob)
    assert isinstance(outcome, expected), outcome
    assert counts(product)["requests"] - before == 1
    if isinstance(outcome, Later):
        assert outcome.after_s == behaviour.get("retry_after")
        assert outcome.slow_down == (behaviour.get("status") == 429)
    assert isinstance(sender.send(message()), Sent)  # and the next one is none the worse


@pytest.mark.parametrize("status", [429, 503])
def test_a_time_to_wait_may_be_a_date(product: Product, sender: FcmSender, status: int) -> None:
    to_bob = message("bob")
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    product.behave(**{address_of(to_bob): {"status": status, "retry_after": when}})
    outcome = sender.send(to_bob)
    assert isinstance(outcome, Later)
    assert outcome.after_s is not None
    assert 80 < outcome.after_s <= 90


def test_many_are_sent_each_once_and_each_gets_its_own_outcome(product: Product, sender: FcmSender) -> None:
    messages = [message(f"device{n}", data={"delivery_id": str(n)}) for n in range(600)]
    product.behave(**{address_of(messages[7]): {"status": 404, "error_code": "UNREGISTERED"}})
    product.behave(**{address_of(messages[8]): {"status": 500}})
    before = counts(product)["requests"]
    outcomes = dict(sender.send_all(messages))
    assert sorted(outcomes) == list(range(600))
    assert isinstance(outcomes.pop(7), Gone)
    assert isinstance(outcomes.pop(8), Later)
    assert all(isinstance(outcome, Sent) for outcome in outcomes.values())
    assert len({outcome.message_id for outcome in outcomes.values() if isinstance(outcome, Sent)}) == 598
    assert counts(product)["requests"] - before == 600


def test_a_refused_access_token_is_replaced_once(product: Product, sender: FcmSender) -> None:
    assert isinstance(sender.send(message()), Sent)
    requests.post(f"{product.standin}/standin/revoke", timeout=60)
    before = counts(product)
    outcomes = dict(sender.send_all([message() for _ in range(100)]))
    assert all(isinstance(outcome, Sent) for outcome in outcomes.values())
    after = counts(product)
    assert after["tokens"] - before["tokens"] == 1
    assert after["delivered"] - before["delivered"] == 100


def test_a_token_that_is_always_refused_is_tried_twice_and_no_more(
    product: Product, sender: FcmSender
) -> None:
    to_bob = message("bob")
    product.behave(**{address_of(to_bob): {"status": 401}})
    before = counts(product)["requests"]
    assert sender.send(to_bob) == Later("unauthenticated")
    assert counts(product)["requests"] - before == 2


def test_what_the_sdk_will_not_send_is_refused_alone(sender: FcmSender) -> None:
    outcomes = dict(sender.send_all([message(), messaging.Message(data={"n": "1"}), message()]))
    assert [type(outcomes[number]) for number in range(3)] == [Sent, Refused, Sent]


def test_a_refused_address_is_told_from_a_refused_message(product: Product, sender: FcmSender) -> None:
    good = message()
    too_large = messaging.Message(token=good.token, data={"k": "x" * 5_000})
    assert isinstance(sender.send(too_large), Refused)
    before = counts(product)["delivered"]
    assert sender.addresses_at_fault([too_large]) == set()
    mangled = messaging.Message(token="no address at all", data={"n": "1"})
    assert isinstance(sender.send(mangled), Refused)
    assert sender.addresses_at_fault([too_large, mangled]) == {1}
    product.behave(**{address_of(good): {"status": 500}})
    assert sender.addresses_at_fault([good]) == set()
    assert counts(product)["delivered"] == before


def test_nothing_is_sent_while_a_transaction_is_open(product: Product, sender: FcmSender) -> None:
    with product.world.worker.transaction():
        for send in (sender.send, lambda each: sender.addresses_at_fault([each])):
            with pytest.raises(RuntimeError):
                send(message())
    assert isinstance(sender.send(message()), Sent)
