"""Redeeming an invitation that is for somebody: by their address or number, or by the account that they have."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.stories.invitations import identifiers_of, invites, is_refused, redeems
from tests.stories.passwords import NEW, can_sign_in, hears_of
from tests.world import PASSWORD, Organisation, Phone, World

MINA, NUMBER = "mina@example.com", "+821012345678"


def test_mina_comes_in_with_her_number_and_no_address(org: Organisation) -> None:
    made = invites(org.admin, identifier="010-1234-5678", name="Mina Kim")
    assert made["identifier"] == NUMBER
    mina = redeems(org, made["code"])
    person = mina.get("/v1/me")["person"]
    assert (person["name"], person["email"]) == ("Mina Kim", None)
    assert identifiers_of(mina) == {NUMBER: False}, "the code came from hand to hand"
    assert signs_in_with(org, "010 1234 5678")


@pytest.mark.parametrize("own", [NUMBER, "010-1234-5678", "+82 10 1234 5678"])
def test_a_number_is_one_however_it_is_written(org: Organisation, own: str) -> None:
    made = invites(org.admin, identifier="01012345678")
    assert identifiers_of(redeems(org, made["code"], identifier=own, name="Mina")) == {NUMBER: False}


def test_nobody_else_redeems_what_is_for_mina(org: Organisation) -> None:
    made = invites(org.admin, identifier="Mina@Example.com", name="Mina")
    for other in ("eve@example.com", "mina+eve@example.com", "mina@example.co", "010-1234-5678"):
        assert is_refused(org, made["code"], identifier=other) == "invitation_refused"
    assert is_refused(org, made["code"], email="eve@example.com") == "invitation_refused"
    assert identifiers_of(redeems(org, made["code"], email=MINA)) == {MINA: False}


def test_what_is_missing_is_told_to_who_has_a_good_code_alone(org: Organisation) -> None:
    code = invites(org.admin)["code"]
    phone = Phone(org, "Mina")
    asked = {"code": code, "password": PASSWORD, "device": phone.app}
    for given, pointer in (({"name": "Mina"}, "/identifier"), ({"email": MINA}, "/name")):
        refusal = phone.post("/v1/invitations/accept", {**asked, **given}, 422)
        assert refusal["errors"][0]["pointer"] == pointer
        wrong = {**asked, **given, "code": "ABCD-EFGH-JKMN-PQRS"}
        assert phone.post("/v1/invitations/accept", wrong, 422)["code"] == "invitation_refused"
    both = {**asked, "name": "Mina", "email": MINA, "identifier": MINA}
    assert phone.post("/v1/invitations/accept", both, 422)["errors"][0]["pointer"] == "/identifier"
    redeems(org, code, identifier=MINA, name="Mina")


def test_an_account_that_was_made_for_somebody_gets_its_first_password(org: Organisation) -> None:
    person_id = made_account(org, "Noah", "010-2222-3333")
    site = org.site(admission="assigned")
    made = invites(org.admin, person_id=person_id, scope_ids=[site])
    noah = redeems(org, made["code"])
    assert noah.id == person_id
    assert signs_in_with(org, "010-2222-3333")
    assert {each["scope_id"] for each in noah.get("/v1/me")["memberships"]} >= {site}
    assert hears_of(noah, 0) == [("password", person_id)]
    assert is_refused(org, made["code"]) == "invitation_refused"


def test_only_with_an_identifier_of_theirs_if_any_is_given(org: Organisation) -> None:
    made = invites(org.admin, person_id=made_account(org, "Noah", "noah@example.com"))
    assert is_refused(org, made["code"], email="eve@example.com") == "invitation_refused"
    redeems(org, made["code"], email="noah@example.com")


def test_who_has_a_password_is_not_given_another_by_an_invitation(org: Organisation) -> None:
    alice = org.person("Alice")
    assert invites(org.admin, 409, person_id=alice.id)["code"] == "has_password"
    assert invites(org.admin, 403, person_id=org.admin.id)["code"] == "own_account"
    noah = made_account(org, "Noah", "noah@example.com")
    first, second = (invites(org.admin, person_id=noah) for _ in range(2))
    assert is_refused(org, first["code"]) == "invitation_refused", "the newest is the only one"
    redeems(org, second["code"])
    assert not can_sign_in(org, "noah@example.com", NEW)


def test_what_is_already_there_is_not_named_again(org: Organisation) -> None:
    noah = made_account(org, "Noah", "noah@example.com")
    for wanted, pointer in (
        ({"name": "Noah"}, "/name"),
        ({"identifier": MINA}, "/identifier"),
        ({"role": "organisation_administrator"}, "/role"),
        ({"stay_hours": 3}, "/stay_hours"),
        ({"uses": 2}, "/uses"),
    ):
        assert invites(org.admin, 422, person_id=noah, **wanted)["errors"][0]["pointer"] == pointer


def test_an_account_that_was_closed_is_not_opened_by_its_invitation(org: Organisation) -> None:
    noah = made_account(org, "Noah", "noah@example.com")
    made = invites(org.admin, person_id=noah)
    org.admin.delete(f"/v1/admin/people/{noah}")
    assert is_refused(org, made["code"]) == "invitation_refused"
    assert invites(org.admin, 409, person_id=noah)["code"] == "account_ended"
    org.admin.post(f"/v1/admin/people/{noah}/return")
    assert is_refused(org, made["code"]) == "invitation_refused", "who returns is invited anew"


def test_a_person_of_another_organisation_is_not_there(world: World, org: Organisation) -> None:
    theirs = made_account(world.organisation(), "Noah", "noah@example.com")
    invites(org.admin, 404, person_id=theirs)


def test_who_has_left_gives_no_accounts_that_administer(org: Organisation) -> None:
    bea = org.person("Bea", role="organisation_administrator")
    boss = invites(bea, role="organisation_administrator")
    noah = invites(bea, person_id=made_account(org, "Noah", "noah@example.com"))
    plain = invites(bea)
    org.admin.delete(f"/v1/admin/people/{bea.id}")
    assert is_refused(org, boss["code"], email=MINA, name="Mina") == "invitation_refused"
    assert is_refused(org, noah["code"]) == "invitation_refused"
    redeems(org, plain["code"], email=MINA, name="Mina")


@pytest.mark.parametrize("wanted", [{"uses": 1}, {"identifier": MINA}])
def test_of_twenty_at_once_one_has_the_last_use(org: Organisation, wanted: dict[str, object]) -> None:
    code = invites(org.admin, **wanted)["code"]
    ready = threading.Barrier(20)

    def tries(number: int) -> int:
        phone = Phone(org, f"No {number}")
        email = MINA if "identifier" in wanted else f"number{number}@example.com"
        body = {"code": code, "email": email, "name": phone.name, "password": PASSWORD, "device": phone.app}
        ready.wait(60)
        return phone.request("POST", "/v1/invitations/accept", body).status_code

    with ThreadPoolExecutor(20) as crowd:
        answers = sorted(crowd.map(tries, range(20)))
    assert answers == [201] + [422] * 19
    assert len(org.admin.get("/v1/admin/people")["items"]) == 2


def test_an_invitation_is_no_longer_good_after_its_days(
    org: Organisation, later: Callable[[timedelta], None]
) -> None:
    made = invites(org.admin, identifier=MINA, name="Mina", days=2)
    later(timedelta(days=2))
    assert is_refused(org, made["code"]) == "invitation_refused"


def made_account(org: Organisation, name: str, identifier: str) -> str:
    """An account that an administrator made, without a password."""
    kind = "email" if "@" in identifier else "phone"
    body = {"name": name, "identifiers": [{"kind": kind, "value": identifier}]}
    return org.admin.post("/v1/admin/people", body, 201)["id"]


def signs_in_with(org: Organisation, identifier: str) -> bool:
    """Whether the password lets in whoever names themselves so."""
    phone = Phone(org, "Somebody")
    body = {"organisation": org.slug, "identifier": identifier, "password": PASSWORD, "device": phone.app}
    return phone.request("POST", "/v1/sessions", body).status_code == 201
