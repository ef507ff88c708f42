"""Several ways to say who one is: addresses, telephone numbers, employee numbers and user names."""

import unicodedata
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from people.models import Identifier
from people.sign_in.forms import beginnings, parse, read
from people.sign_in.throttle import ALLOWED
from tests.stories.checkins import code, marker
from tests.stories.guessing import WRONG
from tests.stories.identifiers import (
    NUMBER,
    adds,
    chooses,
    comes_in,
    enters,
    gives,
    lets_in,
    named,
    values_of,
    writes_down,
)
from tests.stories.passwords import NEW, can_sign_in, changes_address, hears_of, joins, reset_code
from tests.stories.statements import statements
from tests.stories.twins import codes
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, Phone, World

ALICE, E164 = "alice@example.com", "+821012345678"


@pytest.mark.parametrize(
    "typed",
    [
        "010-1234-5678",
        "01012345678",
        " 010 1234 5678 ",
        "+82 10 1234 5678",
        "+82-10-1234-5678",
        "+82 (0)10 1234 5678",
        "+821012345678",
        "\uff10\uff11\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "010\u20131234\u20135678",
    ],
)
def test_a_number_is_one_however_it_is_written(typed: str) -> None:
    assert parse("phone", typed, "KR").value == read(typed, "KR") == E164


def test_alice_signs_in_with_her_number(org: Organisation) -> None:
    alice = org.person("Alice")
    added = adds(alice, "phone", "+82 10 1234 5678")
    assert (added["value"], added["written"], added["verified_at"]) == (E164, "+82 10 1234 5678", None)
    assert lets_in(org, NUMBER)
    assert lets_in(org, ALICE), "her address is as good as ever"
    assert can_sign_in(org, ALICE), "and so is the way in which older apps name it"
    assert not lets_in(org, "010-1234-5679")
    assert not lets_in(org, NUMBER, WRONG)
    assert values_of(alice) == [ALICE, E164]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Mina.Kim", "MINA.KIM"),
        ("mina kim", "minakim"),
        ("\uae40\ubbfc\uc544", unicodedata.normalize("NFD", "\uae40\ubbfc\uc544")),
        ("zo\u00e9-1", "ZOE\u0301-1"),
        ("\uff2d\uff29\uff2e\uff21", "mina"),
        ("\u0130brahim", "\u0130BRAHIM"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_a_user_name_has_one_form(org: Organisation, written: str, typed: str) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    adds(alice, "username", written)
    assert lets_in(org, typed)
    assert adds(bob, "username", typed, 409)["code"] == "identifier_taken"


def test_employee_numbers_are_given_by_administrators(org: Organisation) -> None:
    alice = org.person("Alice")
    assert adds(alice, "employee_number", "A-17", 422)["errors"][0]["pointer"] == "/kind"
    gives(org.admin, alice.id, "employee_number", "A 17")
    assert lets_in(org, "a17")
    assert alice.get("/v1/me")["profile"]["employee_number"] == "A 17"
    assert gives(org.admin, alice.id, "employee_number", "A-18", 409)["code"] == "too_many_identifiers"


@pytest.mark.parametrize("kind", ["employee_number", "username"])
@pytest.mark.parametrize(
    "value", ["010 1234 5678", "02-123-4567", "+82-2-123-4567", "a@b", "\uff20kim", "1588-1234"]
)
def test_what_reads_as_something_else_is_no_name(org: Organisation, kind: str, value: str) -> None:
    refusal = gives(org.admin, org.person("Alice").id, kind, value, 422)
    assert refusal["errors"][0]["pointer"] == "/value"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "12345"),
        ("phone", "1588-1234"),
        ("phone", "060-700-1234"),
        ("phone", "010-CALL-ME-NOW"),
        ("phone", "mina@example.com"),
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("email", "x" * 250 + "@example.com"),
        ("username", "ab"),
        ("username", "x" * 65),
        ("username", "min\u202ea"),
        ("nonsense", "mina"),
        ("phone", ""),
        ("phone", 5),
        ("phone", None),
    ],
)
def test_what_is_no_identifier_is_refused(org: Organisation, kind: str, value: object) -> None:
    alice = org.person("Alice")
    alice.post("/v1/me/identifiers", {"kind": kind, "value": value}, 422)
    assert values_of(alice) == [ALICE]


def test_one_text_names_one_person_whatever_kind_it_is_of(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    gives(org.admin, alice.id, "employee_number", "A-17")
    adds(alice, "phone", NUMBER)
    for kind, value, refusal in (
        ("username", "a-17", "identifier_taken"),
        ("phone", "+82 10 1234 5678", "identifier_taken"),
        ("email", " ALICE@example.com", "email_taken"),
    ):
        assert adds(bob, kind, value, 409)["code"] == refusal
        assert gives(org.admin, bob.id, kind, value, 409)["code"] == refusal
    assert adds(alice, "username", "a-17", 409)["code"] == "identifier_taken", "nor twice of one person"
    assert values_of(bob) == ["bob@example.com"]


def test_in_another_organisation_it_is_another_matter(org: Organisation) -> None:
    theirs = org.world.organisation()
    alice, bob = org.person("Alice"), theirs.person("Bob")
    adds(alice, "phone", NUMBER)
    adds(bob, "phone", NUMBER)
    assert lets_in(org, NUMBER)
    assert lets_in(theirs, NUMBER)


def test_one_number_wanted_by_two_at_once(world: World, org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    body = {"kind": "phone", "value": NUMBER}
    one, other = (lambda who=who: who.request("POST", "/v1/me/identifiers", body) for who in (alice, bob))
    assert codes(world, one, other) == [None, "identifier_taken"]


def test_adding_it_again_changes_nothing(org: Organisation) -> None:
    alice = org.person("Alice")
    first = adds(alice, "phone", NUMBER)
    assert adds(alice, "phone", "+82 10 1234 5678") == first
    assert hears_of(alice, 0) == [("identifier", alice.id)]


def test_a_repeat_with_a_key_is_answered_alike(org: Organisation) -> None:
    alice = org.person("Alice")
    body = {"kind": "phone", "value": NUMBER}
    first, again = (
        alice.post("/v1/me/identifiers", body, 201, Idempotency_Key="once-and-again") for _ in "ab"
    )
    assert first == again
    body = {"kind": "username", "value": "alicia"}
    path = f"/v1/admin/people/{alice.id}/identifiers"
    first, again = (org.admin.post(path, body, 201, Idempotency_Key="once-and-again") for _ in "ab")
    assert first == again


def test_ten_are_enough(org: Organisation) -> None:
    alice = org.person("Alice")
    for number in range(9):
        adds(alice, "email", f"alice-{number}@example.com")
    assert adds(alice, "phone", NUMBER, 409)["code"] == "too_many_identifiers"
    alice.delete(f"/v1/me/identifiers/{named(alice, 'alice-3@example.com')}")
    adds(alice, "phone", NUMBER)


def test_what_is_taken_away_is_free_and_the_last_one_stays(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    adds(alice, "phone", NUMBER)
    only = named(alice, E164)
    alice.delete(f"/v1/me/identifiers/{named(alice, ALICE)}")
    assert alice.get("/v1/me")["person"]["email"] is None
    assert not lets_in(org, ALICE)
    assert lets_in(org, NUMBER)
    assert alice.delete(f"/v1/me/identifiers/{only}", 409)["code"] == "last_identifier"
    path = f"/v1/admin/people/{alice.id}/identifiers/{only}"
    assert org.admin.delete(path, 409)["code"] == "last_identifier"
    adds(bob, "email", ALICE)
    assert hears_of(alice, 0) == [("identifier", alice.id)] * 2


def test_the_last_two_taken_away_at_once(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    adds(alice, "phone", NUMBER)
    again = org.signs_in(ALICE, "Alice")
    paths = [f"/v1/me/identifiers/{named(alice, value)}" for value in (ALICE, E164)]
    one, other = (
        lambda who=who, path=path: who.request("DELETE", path)
        for who, path in zip((alice, again), paths, strict=True)
    )
    assert codes(world, one, other) == [None, "last_identifier"]


def test_it_is_ones_own_and_there(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    adds(bob, "phone", NUMBER)
    theirs, former = named(bob, E164), adds(alice, "username", "alicia")["id"]
    alice.delete(f"/v1/me/identifiers/{former}")
    nothing = alice.delete(f"/v1/me/identifiers/{org.id}", 404)
    for gone in (theirs, former):
        assert alice.delete(f"/v1/me/identifiers/{gone}", 404) | {"request_id": ""} == nothing | {
            "request_id": ""
        }
    org.admin.delete(f"/v1/admin/people/{alice.id}/identifiers/{theirs}", 404)
    assert values_of(bob) == ["bob@example.com", E164]


def test_a_session_that_proved_nothing_lately_changes_none(
    org: Organisation, later: Callable[[timedelta], None]
) -> None:
    alice = org.person("Alice")
    adds(alice, "phone", NUMBER)
    bob, only = org.person("Bob").id, named(alice, E164)
    later(timedelta(minutes=6))
    for refusal in (
        adds(alice, "email", "eve@example.com", 403),
        alice.delete(f"/v1/me/identifiers/{only}", 403),
        gives(org.admin, bob, "email", "eve@example.com", 403),
        org.admin.delete(f"/v1/admin/people/{alice.id}/identifiers/{only}", 403),
    ):
        assert refusal["code"] == "step_up_required"
    assert values_of(alice) == [ALICE, E164]


def test_administrators_see_to_others_and_not_to_everybody(org: Organisation) -> None:
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    vera, alice = comes_as_visitor(org, code(org, gate)), org.person("Alice")
    closed = alice.id
    org.admin.delete(f"/v1/admin/people/{closed}")
    for person_id, status, refusal in (
        (org.admin.id, 403, "own_account"),
        (vera.id, 409, "no_password"),
        (closed, 409, "account_ended"),
    ):
        assert gives(org.admin, person_id, "phone", NUMBER, status)["code"] == refusal
    assert vera.get("/v1/me")["person"]["email"] is None
    assert vera.get("/v1/me/identifiers")["items"] == []


def test_a_code_goes_with_what_it_may_have_been_given_for(org: Organisation) -> None:
    alice = org.person("Alice")
    adds(alice, "phone", NUMBER)
    told = reset_code(org.admin, alice.id)
    adds(alice, "username", "alicia")
    alice.delete(f"/v1/me/identifiers/{named(alice, E164)}")
    chooses(org, ALICE, told, NEW, 422)
    told = reset_code(org.admin, alice.id)
    chooses(org, "ALICIA", told, NEW)
    assert lets_in(org, ALICE, NEW)


def test_the_address_that_is_shown_is_the_oldest(org: Organisation) -> None:
    alice = org.person("Alice")
    adds(alice, "email", "mina@example.com")
    adds(alice, "email", "min@example.com")
    assert changes_address(alice, "alicia@example.com")["email"] == "mina@example.com"
    assert values_of(alice) == ["mina@example.com", "min@example.com", "alicia@example.com"]
    alice.delete(f"/v1/me/identifiers/{named(alice, 'mina@example.com')}")
    assert alice.get("/v1/me")["person"]["email"] == "min@example.com"


@pytest.mark.parametrize("names", [{}, {"identifier": ALICE, "email": ALICE}])
def test_an_account_is_named_once(org: Organisation, names: dict[str, str]) -> None:
    org.person("Alice")
    phone = Phone(org, "Alice")
    proofs = {"/v1/sessions": {"password": PASSWORD, "device": phone.app}}
    proofs["/v1/password-resets"] = {"code": "ABCD-EFGH-JKMN-PQRS", "new_password": NEW}
    for path, proof in proofs.items():
        refusal = phone.post(path, {"organisation": org.slug, **names, **proof}, 422)
        assert {error["pointer"] for error in refusal["errors"]} == {"/email", "/identifier"}


def test_whether_a_number_is_known_takes_no_time_to_find_out(world: World, org: Organisation) -> None:
    adds(org.person("Alice"), "phone", NUMBER)
    writes_down(org, "Bob", "010-9999-0000")

    def asked(slug: str, identifier: str) -> list[str]:
        with statements(world.web.engine) as heard:
            assert enters(Organisation(world, org.id, slug), identifier, WRONG).status_code == 401
        return [statement for statement, _ in heard]

    there = asked(org.slug, NUMBER)
    assert asked(org.slug, "010-1111-2222") == there
    assert asked(org.slug, "010-9999-0000") == there, "nor whether it has a password"
    assert asked("no-such-organisation", NUMBER) == there


def test_all_spellings_of_all_identifiers_are_guesses_at_one_account(org: Organisation) -> None:
    alice = org.person("Alice")
    adds(alice, "phone", NUMBER)
    typed = [NUMBER, "+82 10 1234 5678", ALICE, " ALICE@example.com", "01012345678"] * 2
    assert [enters(org, each, WRONG).status_code for each in typed] == [401] * ALLOWED
    assert enters(org, NUMBER).status_code == 429


def test_so_they_are_where_there_is_no_password_yet(org: Organisation) -> None:
    writes_down(org, "Mina", NUMBER, employee_number="A-17")
    assert [enters(org, each, WRONG).status_code for each in (NUMBER, "a-17") * 5] == [401] * ALLOWED
    assert enters(org, NUMBER, WRONG).status_code == enters(org, "A-17", WRONG).status_code == 429


def test_so_are_those_of_a_number_that_nobody_has(org: Organisation) -> None:
    typed = [NUMBER, "+82 10 1234 5678", "01012345678", "010 1234 5678", E164] * 2
    assert [enters(org, each, WRONG).status_code for each in typed] == [401] * ALLOWED
    assert enters(org, NUMBER).status_code == 429


def test_somebody_without_any_address_comes_in(org: Organisation) -> None:
    made = writes_down(org, "Mina", NUMBER, employee_number="A-17")
    assert made["email"] is None
    assert [each["value"] for each in made["identifiers"]] == [E164, "a-17"]
    assert enters(org, NUMBER).get_json()["code"] == "sign_in_refused", "there is no password yet"
    told = reset_code(org.admin, made["id"])
    chooses(org, NUMBER, told, "too-easy", 422)
    chooses(org, "a-17", told)
    chooses(org, "a-17", told, NEW, 422)
    assert lets_in(org, NUMBER)
    assert not lets_in(org, NUMBER, NEW)


def test_of_two_with_one_code_one_chooses_the_first_password(world: World, org: Organisation) -> None:
    told = reset_code(org.admin, writes_down(org, "Mina")["id"])
    asked = {"organisation": org.slug, "identifier": NUMBER, "code": told}
    one, other = (
        lambda password=password: Phone(org, "Eve").request(
            "POST", "/v1/password-resets", asked | {"new_password": password}
        )
        for password in (PASSWORD, NEW)
    )
    assert codes(world, one, other) == [None, "reset_refused"]
    assert lets_in(org, NUMBER)


def test_a_password_is_not_made_of_what_one_signs_in_with(org: Organisation) -> None:
    told = reset_code(org.admin, writes_down(org, "Mina", family_name="Wolkenstein")["id"])
    for password in ("01012345678", "Wolkenstein1990"):
        assert chooses(org, NUMBER, told, password, 422)["code"] == "password_weak"
    chooses(org, NUMBER, told)


def test_a_number_is_read_as_of_the_organisations_country(world: World, org: Organisation) -> None:
    with world.worker.transaction() as session:
        changed = """UPDATE organisations SET settings = settings || '{"country": "US"}' WHERE id = :id"""
        session.execute(text(changed), {"id": org.id})
    alice = org.person("Alice")
    assert adds(alice, "phone", "(650) 253-0000")["value"] == "+16502530000"
    assert lets_in(org, "650 253 0000")
    adds(alice, "phone", NUMBER, 422)
    adds(alice, "phone", "+82 10 1234 5678")
    assert lets_in(org, E164)
    assert not lets_in(org, NUMBER)


def test_what_is_told_says_nothing_of_the_number(org: Organisation) -> None:
    alice = org.person("Alice")
    adds(alice, "phone", NUMBER)
    (event,) = [event for event in alice.syncs(0) if event["type"] == "sign_in.changed"]
    assert event["data"]["what"] == "identifier"
    assert "1234" not in str(event["data"]["what"])
    assert all(event["type"] != "sign_in.changed" for event in org.person("Bob").syncs(0))


def test_a_closed_account_frees_all_of_them(org: Organisation) -> None:
    alice = org.person("Alice")
    adds(alice, "phone", NUMBER)
    former = alice.id
    org.admin.delete(f"/v1/admin/people/{former}")
    assert not lets_in(org, NUMBER)
    assert org.admin.get(f"/v1/admin/people/{former}")["email"] == ALICE
    again = joins(org, "Alicia", ALICE)
    adds(again, "phone", NUMBER)
    assert lets_in(org, NUMBER)


def test_who_signs_in_with_a_number_is_shown_to_nobody(org: Organisation) -> None:
    site = org.site(admission="open")
    mina, bob = comes_in(org, "Mina", employee_number="A-17"), org.person("Bob")
    mina.put(f"/v1/scopes/{site}/membership")
    mina.posts(site, "Good morning")
    seen = bob.get(f"/v1/scopes/{site}/posts")["items"][0]
    assert seen["author"] == {"id": mina.id, "name": "Mina"}


@pytest.mark.parametrize(
    ("typed", "begins"),
    [("010-12", "+821012"), ("+82 10", "+8210"), ("A-1", "a-1"), ("ALI@", "ali@")],
)
def test_the_beginning_of_an_identifier_is_known(typed: str, begins: str) -> None:
    assert begins in beginnings(typed, "KR")


def test_row_level_security_keeps_organisations_apart(world: World, org: Organisation) -> None:
    theirs = world.organisation()
    adds(theirs.person("Thea"), "phone", NUMBER)
    with world.web.transaction(org.id) as session:
        assert {each.organisation_id for each in session.scalars(select(Identifier))} == {org.id}
