"""Coming in by oneself."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from people.registration.answering import forget_old_registrations
from people.registration.confirming import RegistrationRefused, confirm, prove_registration
from people.registration.models import Registration
from people.registration.rules import set_rules
from people.sign_in.short_codes import TRIES, CodeKeys
from tests.stories.invitations import identifiers_of
from tests.stories.messages import waiting
from tests.stories.passwords import can_sign_in, joins
from tests.stories.registrations import asks, code_of, confirms, lets_in, mails, registers, waits
from tests.world import PASSWORD, Organisation, Phone

MINA = "mina@example.com"
WEAK = "password123"


def test_mina_comes_in_with_her_address(org: Organisation) -> None:
    lets_in(org, "example.com")
    phone = Phone(org, "Mina")
    asks(phone, "Mina@Example.com", locale="ko")
    (mail,) = waiting(org)
    assert (mail["channel"], mail["template"], mail["locale"], mail["to"]) == (
        "mail",
        "registration",
        "ko",
        MINA,
    )
    answer = confirms(phone, MINA, f" {code_of(org, MINA)[:3]} {code_of(org, MINA)[3:]} ")
    assert answer["state"] == "signed_in"
    person = phone.get("/v1/me")["person"]
    assert (person["name"], person["role"], person["locale"]) == ("Mina", "member", "ko")
    assert identifiers_of(phone) == {MINA: True}
    assert can_sign_in(org, MINA)


def test_without_a_password_too(org: Organisation) -> None:
    lets_in(org, "example.com")
    phone = Phone(org, "Mina")
    asks(phone, MINA)
    confirms(phone, MINA, code_of(org, MINA), password=None)
    phone.get("/v1/me")
    assert not can_sign_in(org, MINA)


def test_a_weak_password_leaves_the_code_good(org: Organisation) -> None:
    lets_in(org, "example.com")
    phone = Phone(org, "Mina Montgomery")
    asks(phone, MINA)
    for weak in (WEAK, "Mina Montgomery1"):
        refusal = confirms(phone, MINA, code_of(org, MINA), 422, password=weak)
        assert (refusal["code"], refusal["errors"][0]["pointer"]) == ("password_weak", "/password")
    confirms(phone, MINA, code_of(org, MINA))


def test_a_code_is_good_once(org: Organisation) -> None:
    lets_in(org, "example.com")
    phone = registers(org, "Mina", MINA)
    assert confirms(phone, MINA, code_of(org, MINA), 422)["code"] == "registration_refused"


def test_for_some_minutes(org: Organisation, later: Callable[[timedelta], None]) -> None:
    lets_in(org, "example.com")
    phone = Phone(org, "Mina")
    asks(phone, MINA)
    later(timedelta(minutes=10))
    assert confirms(phone, MINA, code_of(org, MINA), 422)["code"] == "registration_refused"


def test_on_the_phone_that_asked(org: Organisation) -> None:
    lets_in(org, "example.com")
    mina, eve = Phone(org, "Mina"), Phone(org, "Eve")
    asks(mina, MINA)
    code = code_of(org, MINA)
    confirms(eve, MINA, code, 422)
    asks(eve, MINA)
    confirms(eve, MINA, code, 422)
    confirms(mina, MINA, code)


def test_the_newest_is_the_only_one_there(org: Organisation) -> None:
    lets_in(org, "example.com")
    mina = Phone(org, "Mina")
    asks(mina, MINA)
    first = code_of(org, MINA)
    asks(mina, MINA)
    newest = code_of(org, MINA)
    if first != newest:
        confirms(mina, MINA, first, 422)
    confirms(mina, MINA, newest)
    confirms(mina, MINA, first, 422)


def test_who_has_an_account_is_told_so_in_their_mailbox(org: Organisation) -> None:
    lets_in(org, "example.com")
    joins(org, "Mina", MINA)
    eve = Phone(org, "Eve")
    asks(eve, MINA)
    assert mails(org, MINA) == ["registration_known"]
    assert confirms(eve, MINA, "000000", 422)["code"] == "registration_refused"


def test_who_closes_the_door_lets_nobody_in_with_a_code_from_before(org: Organisation) -> None:
    lets_in(org, "example.com")
    mina = Phone(org, "Mina")
    asks(mina, MINA)
    lets_in(org, "example.org")
    assert confirms(mina, MINA, code_of(org, MINA), 422)["code"] == "registration_refused"


def test_somebody_invited_meanwhile_has_the_address(org: Organisation) -> None:
    lets_in(org, "example.com")
    mina = Phone(org, "Mina")
    asks(mina, MINA)
    joins(org, "Mina", MINA)
    assert confirms(mina, MINA, code_of(org, MINA), 409)["code"] == "email_taken"


def test_who_was_shown_out_does_not_come_back_alone(org: Organisation) -> None:
    lets_in(org, "example.com")
    mina = registers(org, "Mina", MINA)
    org.admin.delete(f"/v1/admin/people/{mina.id}")
    for email in (MINA, "mina+again@example.com"):
        registers(org, "Mina", email, 202)
        org.admin.post(f"/v1/admin/registrations/{waits(org, email)}/refuse")
    assert [each["ended_at"] is None for each in people_of(org, "Mina")] == [False]


def test_one_mailbox_has_one_account_unless_somebody_says_so(org: Organisation) -> None:
    lets_in(org, "example.com")
    registers(org, "Mina", "mina+one@example.com")
    registers(org, "Mina", "mina+two@example.com", 202)
    joins(org, "Noah", "noah@example.com")
    registers(org, "Noah", "noah+two@example.com", 202)
    registers(org, "Minari", "minari@example.com")
    org.admin.post(f"/v1/admin/registrations/{waits(org, 'mina+two@example.com')}/approve")
    assert len(people_of(org, "Mina")) == 2


def test_of_several_who_give_the_same_code_at_once_one_comes_in(org: Organisation) -> None:
    lets_in(org, "example.com")
    mina, ready = Phone(org, "Mina"), threading.Barrier(TRIES)
    asks(mina, MINA)
    body = {"organisation": org.slug, "email": MINA, "code": code_of(org, MINA), "device": mina.app}

    def gives(_number: int) -> int:
        ready.wait(60)
        return mina.request("POST", "/v1/registrations/confirm", body).status_code

    with ThreadPoolExecutor(TRIES) as crowd:
        assert sorted(crowd.map(gives, range(TRIES))) == [201] + [422] * (TRIES - 1)
    assert len(people_of(org, "Mina")) == 1


def test_a_code_that_was_right_twice_is_taken_once(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    mina, settings = Phone(org, "Mina"), org.world.settings
    asks(mina, MINA)
    given = {"organisation": org.slug, "email": MINA, "code": code_of(org, MINA), "password": PASSWORD}
    given |= {"installation_id": mina.app["installation_id"], "address": "198.51.100.7"}
    keys = CodeKeys(settings.secret_key, settings.former_secret_key)
    first, second = (prove_registration(org.world.web, keys, **given) for _ in range(2))
    with org.world.web.transaction() as session:
        assert confirm(session, first) is None
    with pytest.raises(RegistrationRefused), org.world.web.transaction() as session:
        confirm(session, second)


def people_of(org: Organisation, name: str) -> list[dict[str, Any]]:
    """The accounts of a name, closed ones too."""
    items = org.admin.get("/v1/admin/people?state=all")["items"]
    return [item for item in items if item["name"] == name]


def test_what_comes_to_nothing_is_forgotten(org: Organisation, later: Callable[[timedelta], None]) -> None:
    lets_in(org, "example.com", approval=True)
    mina, noah = Phone(org, "Mina"), Phone(org, "Noah")
    asks(mina, MINA)
    asks(noah, "noah@example.com")
    confirms(noah, "noah@example.com", code_of(org, "noah@example.com"), 202)
    assert forgets(org) == {"asked", "awaiting"}
    later(timedelta(hours=1))
    assert forgets(org) == {"awaiting"}
    waits(org, "noah@example.com")
    later(timedelta(days=30))
    assert forgets(org) == set()


def forgets(org: Organisation) -> set[str]:
    """The states of what is left when the worker has forgotten the rest."""
    with org.world.worker.transaction() as session:
        forget_old_registrations(session)
        mine = select(Registration.state).where(Registration.organisation_id == org.id)
        return set(session.scalars(mine))


def test_an_organisation_whose_rules_say_nothing_lets_nobody_in(org: Organisation) -> None:
    asks(Phone(org, "Mina"), MINA)
    assert waiting(org) == []
    with org.world.web.transaction(org.id) as session:
        set_rules(session, org.id, [], approval=False)
    asks(Phone(org, "Mina"), MINA)
    assert waiting(org) == []
