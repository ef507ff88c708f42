"""Another address to sign in with; and what a closed account leaves to the next one."""

import unicodedata

import pytest

from people.sign_in.throttle import ALLOWED
from tests.stories.checkins import code, marker
from tests.stories.passwords import (
    NEW,
    can_sign_in,
    changes_address,
    guesses_in_vain,
    hears_of,
    joins,
    redeems,
    reset_code,
    tries_to_sign_in,
)
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone

ALICE, MINA = "alice@example.com", "mina@example.com"


def gives_address(admin: Phone, person_id: str, email: str, status: int = 200) -> dict[str, str]:
    return admin.put(f"/v1/admin/people/{person_id}/email", {"email": email}, status)


def test_alice_takes_another_address(org: Organisation) -> None:
    alice = org.person("Alice")
    other = org.signs_in(ALICE, "Alice")
    assert changes_address(alice, " Mina@Example.com ")["email"] == MINA
    assert can_sign_in(org, MINA)
    assert not can_sign_in(org, ALICE)
    for phone in (alice, other):
        assert phone.get("/v1/me")["person"]["email"] == MINA
        assert hears_of(phone, 0) == [("address", alice.id)]


def test_it_takes_her_password(org: Organisation) -> None:
    alice = org.person("Alice")
    assert changes_address(alice, MINA, "not her password", 403)["code"] == "password_refused"
    alice.put("/v1/me/email", {"email": MINA}, 422)
    assert guesses_in_vain(alice, ALLOWED - 1) == [403] * (ALLOWED - 1)
    assert changes_address(alice, MINA, status=429)["code"] == "too_many_sign_ins"
    assert alice.get("/v1/me")["person"]["email"] == ALICE


@pytest.mark.parametrize("typed", ["BOB@example.com", " bob@example.com", "bo\u0042@EXAMPLE.com"])
def test_an_address_of_another_is_taken_in_every_form(org: Organisation, typed: str) -> None:
    alice = org.person("Alice")
    bob = org.person("Bob")
    assert changes_address(alice, typed, status=409)["code"] == "email_taken"
    assert gives_address(org.admin, alice.id, typed, 409)["code"] == "email_taken"
    assert changes_address(bob, typed)["email"] == "bob@example.com", "it is his own"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_that_have_several_forms_make_one_address(org: Organisation, form: str) -> None:
    joins(org, "Zoé", "zo\u00e9@example.com")
    joins(org, "Lin", "m\u0130n@example.com")
    alice = org.person("Alice")
    for typed in ("ZO\u00c9@example.com", "min@example.com", "M\u0130N@example.com"):
        changes_address(alice, unicodedata.normalize(form, typed), status=409)
    changes_address(alice, unicodedata.normalize(form, "\u00d6l@example.com"))
    assert can_sign_in(org, "\u00f6l@example.com")


@pytest.mark.parametrize(
    "email", ["", "  ", "nobody", "a@b@c", "x" * 250 + "@example.com", "a\0@example.com", 5, None]
)
def test_what_is_no_address_is_refused(org: Organisation, email: object) -> None:
    alice = org.person("Alice")
    refusal = alice.put("/v1/me/email", {"email": email, "password": "correct horse battery"}, 422)
    assert refusal["errors"][0]["pointer"] == "/email"
    org.admin.put(f"/v1/admin/people/{alice.id}/email", {"email": email}, 422)


def test_the_same_address_in_another_organisation_is_another_matter(org: Organisation) -> None:
    theirs = org.world.organisation()
    joins(theirs, "Mina", MINA)
    changes_address(org.person("Alice"), MINA)
    assert can_sign_in(org, MINA)
    assert can_sign_in(theirs, MINA)


def test_an_administrator_gives_another_person_an_address(org: Organisation) -> None:
    alice = org.person("Alice")
    assert gives_address(org.admin, alice.id, MINA)["email"] == MINA
    assert alice.get("/v1/me")["person"]["email"] == MINA
    assert hears_of(alice, 0) == [("address", org.admin.id)]
    assert gives_address(org.admin, alice.id, MINA)["email"] == MINA
    assert len(hears_of(alice, 0)) == 1, "nothing has changed"
    assert can_sign_in(org, MINA)
    org.world.organisation().admin.put(f"/v1/admin/people/{alice.id}/email", {"email": ALICE}, 404)


def test_but_not_to_everybody(org: Organisation) -> None:
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    vera, alice = comes_as_visitor(org, code(org, gate)), org.person("Alice")
    closed = alice.id
    org.admin.delete(f"/v1/admin/people/{closed}")
    for person_id, status, refusal in (
        (org.admin.id, 403, "own_account"),
        (vera.id, 409, "no_password"),
        (closed, 409, "account_ended"),
    ):
        assert gives_address(org.admin, person_id, MINA, status)["code"] == refusal


def test_a_code_goes_with_the_address_that_it_was_given_for(org: Organisation) -> None:
    alice = org.person("Alice")
    for changes in (
        lambda: changes_address(alice, MINA),
        lambda: gives_address(org.admin, alice.id, ALICE),
    ):
        told = reset_code(org.admin, alice.id)
        changes()
        for email in (ALICE, MINA):
            redeems(org, email, told, status=422)
    told = reset_code(org.admin, alice.id)
    changes_address(alice, ALICE)
    redeems(org, ALICE, told)
    assert can_sign_in(org, ALICE, NEW)


def test_the_former_address_is_free(org: Organisation) -> None:
    alice = org.person("Alice")
    changes_address(alice, MINA)
    joins(org, "Alicia", ALICE)
    assert changes_address(alice, ALICE, status=409)["code"] == "email_taken"


def test_guesses_at_whoever_had_an_address_do_not_hold_up_its_new_owner(org: Organisation) -> None:
    bob, alice = org.person("Bob"), org.person("Alice")
    for email in (MINA, "alicia@example.com", ALICE):
        for _ in range(ALLOWED):
            tries_to_sign_in(org, email, "guess")
        assert tries_to_sign_in(org, email).status_code == 429
    changes_address(bob, MINA)
    assert can_sign_in(org, MINA)
    joins(org, "Alicia", "alicia@example.com")
    assert can_sign_in(org, "alicia@example.com")
    org.admin.delete(f"/v1/admin/people/{alice.id}")
    joins(org, "Alice", ALICE)
    assert can_sign_in(org, ALICE)
