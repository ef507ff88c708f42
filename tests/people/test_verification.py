"""Showing that an address or number reaches one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from api.app import create_app
from base import clock, ids
from people.models import Identifier
from people.sign_in.asked_codes import MOST_A_DAY
from people.sign_in.models import SignInFailure
from people.sign_in.short_codes import LASTS, TRIES
from people.sign_in.throttle import WINDOW
from tests.stories.codes import gets_code, has, tries_code, wrong
from tests.stories.messages import waiting
from tests.stories.passwords import hears_of
from tests.world import Organisation, Phone, World

ALICE, NUMBER = "alice@example.com", "+821012345678"


@pytest.fixture(autouse=True)
def nobody_has_guessed(world: World) -> None:
    """What other tests had sent to these addresses is no matter here."""
    with world.worker.transaction() as session:
        session.execute(delete(SignInFailure))


@pytest.fixture
def alice(org: Organisation) -> Phone:
    return org.person("Alice")


def has_code_sent(phone: Phone, identifier: str, status: int = 202) -> str:
    """Somebody has a code sent to their own address; returns the code."""
    phone.post(f"/v1/me/identifiers/{identifier}/verification", None, status)
    sent = waiting(phone.organisation)
    return sent[-1]["values"]["code"] if sent else ""


def confirms(phone: Phone, identifier: str, code: str, status: int = 204) -> Any:
    """And types it."""
    return phone.post(f"/v1/me/identifiers/{identifier}/verification/confirm", {"code": code}, status)


def is_verified(org: Organisation, identifier: str) -> bool:
    with org.world.worker.transaction() as session:
        return session.get_one(Identifier, identifier).verified_at is not None


@pytest.mark.parametrize(("value", "channel"), [(ALICE, "mail"), (NUMBER, "sms")])
def test_a_code_goes_there_and_comes_back(org: Organisation, alice: Phone, value: str, channel: str) -> None:
    identifier, position = has(org, alice, value, verified=False), alice.get("/v1/me")["position"]
    code = has_code_sent(alice, identifier)
    (message,) = waiting(org)
    assert (message["channel"], message["to"], message["template"]) == (channel, value, "verification")
    confirms(alice, identifier, f"{code[:3]} {code[3:]}")
    assert is_verified(org, identifier)
    assert hears_of(alice, position) == [("verified", alice.id)]
    refused = alice.post(f"/v1/me/identifiers/{identifier}/verification", None, 409)
    assert refused["code"] == "already_verified"


def test_until_then_nobody_comes_in_by_it(org: Organisation, alice: Phone) -> None:
    identifier, phone = has(org, alice, ALICE, verified=False), Phone(org, "Alice")
    code = has_code_sent(alice, identifier)
    assert tries_code(phone, ALICE, code).status_code == 401
    assert tries_code(alice, ALICE, code).status_code == 401, "not even on the phone that had it sent"
    confirms(alice, identifier, code)
    assert gets_code(phone, ALICE)


def test_a_code_to_sign_in_verifies_nothing(org: Organisation, alice: Phone) -> None:
    has(org, alice, ALICE)
    other = has(org, alice, NUMBER, verified=False)
    code = gets_code(alice, ALICE)
    assert confirms(alice, other, code, 422)["code"] == "verification_refused"


def test_wrong_codes_count_late_ones_and_used_ones_are_none(
    org: Organisation, alice: Phone, later: Callable[[timedelta], None]
) -> None:
    identifier = has(org, alice, ALICE, verified=False)
    code = has_code_sent(alice, identifier)
    for _ in range(TRIES):
        confirms(alice, identifier, wrong(code), 422)
    confirms(alice, identifier, code, 422)
    code = has_code_sent(alice, identifier)
    later(LASTS)
    confirms(alice, identifier, code, 422)
    assert not is_verified(org, identifier)
    code = has_code_sent(alice, identifier)
    confirms(alice, identifier, code)
    confirms(alice, identifier, code, 422)


def test_of_many_guesses_at_once_five_are_looked_at(org: Organisation, alice: Phone) -> None:
    identifier = has(org, alice, ALICE, verified=False)
    code = has_code_sent(alice, identifier)
    with ThreadPoolExecutor(12) as crowd:
        list(crowd.map(lambda _: confirms(alice, identifier, wrong(code), 422), range(12)))
    confirms(alice, identifier, code, 422)


def test_each_identifier_has_a_code_of_its_own(org: Organisation, alice: Phone) -> None:
    mail, phone = has(org, alice, ALICE, verified=False), has(org, alice, NUMBER, verified=False)
    of_mail, of_phone = has_code_sent(alice, mail), has_code_sent(alice, phone)
    if of_mail != of_phone:
        confirms(alice, phone, of_mail, 422)
    confirms(alice, mail, of_mail)
    confirms(alice, phone, of_phone)


def test_others_identifiers_are_not_there(org: Organisation, alice: Phone) -> None:
    bob = org.person("Bob")
    identifier = has(org, bob, "bob@example.com", verified=False)
    code = has_code_sent(bob, identifier)
    elsewhere = org.world.organisation().person("Eve")
    made_up = str(ids.new_id())
    for phone in (alice, org.admin, elsewhere):
        answers = [
            phone.post(f"/v1/me/identifiers/{one}/verification{rest}", body, 404)
            for one in (identifier, made_up)
            for rest, body in (("", None), ("/confirm", {"code": code}))
        ]
        told = [{name: answer[name] for name in answer if name != "request_id"} for answer in answers]
        assert told == told[:1] * 4
    confirms(bob, identifier, code)


def test_an_identifier_that_ended_is_not_there(org: Organisation, alice: Phone) -> None:
    identifier = has(org, alice, ALICE, verified=False)
    code = has_code_sent(alice, identifier)
    with org.world.worker.transaction() as session:
        session.execute(update(Identifier).where(Identifier.id == identifier).values(ended_at=clock.now()))
    confirms(alice, identifier, code, 404)
    has_code_sent(alice, identifier, 404)


@pytest.mark.parametrize("kind", ["employee_number", "username"])
def test_nothing_can_be_sent_to_a_number_of_the_employers(org: Organisation, alice: Phone, kind: str) -> None:
    identifier = has(org, alice, "a-4711", verified=False, kind=kind)
    refused = alice.post(f"/v1/me/identifiers/{identifier}/verification", None, 409)
    assert refused["code"] == "not_reachable"


@pytest.mark.parametrize(("value", "off"), [(ALICE, "smtp_url"), (NUMBER, "sms_gateway_url")])
def test_where_nothing_is_sent_one_is_told_so(org: Organisation, alice: Phone, value: str, off: str) -> None:
    identifier = has(org, alice, value, verified=False)
    client = create_app(replace(org.world.settings, **{off: None}), org.world.web).test_client()
    answer = client.post(
        f"/v1/me/identifiers/{identifier}/verification",
        headers={"Authorization": f"Bearer {alice.tokens['access_token']}"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (409, "channel_off")
    assert waiting(org) == []


def test_no_mailbox_is_flooded_by_one_person_nor_by_several(org: Organisation, alice: Phone) -> None:
    identifier = has(org, alice, "victim@example.com", verified=False)
    for _ in range(5):
        has_code_sent(alice, identifier)
    refused = alice.post(f"/v1/me/identifiers/{identifier}/verification", None, 429)
    assert refused["code"] == "too_many_messages"
    other = org.world.organisation()
    eve = other.person("Eve")
    elsewhere = has(other, eve, "victim@example.com", verified=False)
    assert eve.post(f"/v1/me/identifiers/{elsewhere}/verification", None, 429)["code"] == "too_many_messages"
    has_code_sent(alice, has(org, alice, NUMBER, verified=False))


def test_in_a_day_there_are_twenty(
    org: Organisation, alice: Phone, later: Callable[[timedelta], None]
) -> None:
    identifier = has(org, alice, ALICE, verified=False)
    for number in range(MOST_A_DAY):
        if number and number % 5 == 0:
            later(WINDOW + timedelta(seconds=1))
        has_code_sent(alice, identifier)
    later(WINDOW + timedelta(seconds=1))
    assert (
        alice.post(f"/v1/me/identifiers/{identifier}/verification", None, 429)["code"] == "too_many_messages"
    )
    later(timedelta(days=1))
    confirms(alice, identifier, has_code_sent(alice, identifier))


def test_a_request_that_is_sent_again_sends_no_second_message(org: Organisation, alice: Phone) -> None:
    identifier = has(org, alice, ALICE, verified=False)
    for _ in range(2):
        path = f"/v1/me/identifiers/{identifier}/verification"
        alice.post(path, None, 202, Idempotency_Key="in-a-lift-the-first-time")
    assert len(waiting(org)) == 1
