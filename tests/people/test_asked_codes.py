"""Asking for codes: nobody learns whether there is an account, and nobody's mailbox is flooded."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import ProgrammingError

from people.sign_in.asked_codes import MOST_A_DAY
from people.sign_in.models import AskedCode, SignInFailure
from people.sign_in.short_codes import LASTS
from people.sign_in.throttle import WINDOW
from tests.stories.codes import HOME, asks_for_code, codes_sent, comes_in, gets_code, has, tries_code, wrong
from tests.stories.messages import waiting
from tests.stories.statements import statements
from tests.world import Organisation, Phone, World

ALICE, NOBODY, STRANGER = "alice@example.com", "nobody@example.com", "203.0.113.66"


@pytest.fixture(autouse=True)
def nobody_has_guessed(world: World) -> Iterator[None]:
    """What other tests tried from these addresses is no matter here, and the other way around."""
    with world.worker.transaction() as session:
        session.execute(delete(SignInFailure))
        session.execute(delete(AskedCode))
    yield
    with world.worker.transaction() as session:
        session.execute(delete(SignInFailure))


@pytest.fixture
def alice(org: Organisation) -> Phone:
    """Somebody with a verified address, on a phone on which they are signed in."""
    phone = org.person("Alice")
    has(org, phone, ALICE)
    return phone


def asks(phone: Phone, identifier: str, address: str, times: int) -> list[int]:
    return [asks_for_code(phone, identifier, address).status_code for _ in range(times)]


def test_a_made_up_account_is_answered_with_the_same_words_after_the_same_work(
    world: World, org: Organisation, alice: Phone
) -> None:
    def asked(identifier: str, slug: str) -> tuple[int, bytes, list[str]]:
        with statements(world.web.engine) as heard:
            answer = asks_for_code(Phone(org, "Eve"), identifier, STRANGER, slug)
        return answer.status_code, answer.get_data(), [statement for statement, _ in heard]

    there = asked(ALICE, org.slug)
    assert there[:2] == (202, b"")
    assert asked(NOBODY, org.slug) == there
    assert asked(ALICE, "no-such-organisation") == there
    assert alice.id


def test_a_code_for_a_made_up_account_is_refused_with_the_same_words_after_the_same_work(
    world: World, org: Organisation, alice: Phone
) -> None:
    eve = Phone(org, "Eve")
    code = wrong(gets_code(eve, ALICE))

    def typed(identifier: str, organisation: str, phone: Phone) -> tuple[dict[str, object], list[str]]:
        with statements(world.web.engine) as heard:
            answer = tries_code(phone, identifier, code, STRANGER, organisation=organisation)
        told = {name: value for name, value in answer.get_json().items() if name != "request_id"}
        return told, [statement for statement, _ in heard]

    there = typed(ALICE, org.slug, eve)
    assert there[0]["code"] == "one_time_code_refused"
    assert typed(ALICE, org.slug, Phone(org, "Mallory")) == there
    assert typed(NOBODY, org.slug, eve) == there
    assert typed(ALICE, "no-such-organisation", eve) == there
    assert alice.id


@pytest.mark.parametrize("identifier", [ALICE, NOBODY])
def test_from_one_address_three_are_heard_whoever_is_asked_for(
    org: Organisation, alice: Phone, identifier: str
) -> None:
    assert asks(Phone(org, "Eve"), identifier, STRANGER, 4) == [202] * 3 + [429]
    refusal = asks_for_code(Phone(org, "Eve"), identifier, STRANGER)
    assert refusal.get_json()["code"] == "too_many_messages"
    assert 0 < int(refusal.headers["Retry-After"]) <= WINDOW.total_seconds()
    assert asks_for_code(Phone(org, "Somebody"), identifier, HOME).status_code == 202
    assert len(codes_sent(org, identifier)) == (4 if identifier == ALICE else 0)
    assert alice.id


def test_from_all_over_the_world_ten_and_her_own_phone_is_heard_all_the_same(
    org: Organisation, alice: Phone
) -> None:
    told = [asks_for_code(Phone(org, "Eve"), ALICE, f"203.0.{n}.66").status_code for n in range(12)]
    assert told == [202] * 10 + [429] * 2
    assert len(codes_sent(org, ALICE)) == 10
    comes_in(alice, ALICE, gets_code(alice, ALICE))


def test_her_own_phone_has_five_more_and_no_end_of_them_while_she_comes_in(
    org: Organisation, alice: Phone
) -> None:
    assert asks(alice, ALICE, HOME, 9) == [202] * 8 + [429]
    org.world.rests()
    bob = org.person("Bob")
    has(org, bob, "bob@example.com")
    for _ in range(12):
        comes_in(bob, "bob@example.com", gets_code(bob, "bob@example.com"))


def test_many_who_share_an_address_come_in(org: Organisation, alice: Phone) -> None:
    """The count of an address is given back with each who comes in."""
    for _ in range(5):
        stranger = Phone(org, "Alice")
        comes_in(stranger, ALICE, gets_code(stranger, ALICE, STRANGER), STRANGER)
    assert alice.id


def test_in_a_day_strangers_have_twenty_sent_and_no_more(
    org: Organisation, alice: Phone, later: Callable[[timedelta], None]
) -> None:
    for _ in range(3):
        for n in range(10):
            assert asks_for_code(Phone(org, "Eve"), ALICE, f"203.0.{n}.66").status_code == 202
        codes_sent(org, ALICE)
        later(WINDOW + timedelta(seconds=1))
    assert len(codes_sent(org, ALICE)) == MOST_A_DAY
    gets_code(alice, ALICE)
    assert len(codes_sent(org, ALICE)) == MOST_A_DAY + 1, "her own phone is no stranger"
    later(timedelta(days=1))
    asks_for_code(Phone(org, "Eve"), ALICE, STRANGER)
    assert len(codes_sent(org, ALICE)) == MOST_A_DAY + 2


def test_guesses_at_codes_are_counted_and_hold_up_no_password(org: Organisation, alice: Phone) -> None:
    eve = Phone(org, "Eve")
    told = [tries_code(eve, ALICE, "123456", STRANGER).status_code for _ in range(11)]
    assert told == [401] * 10 + [429]
    refusal = tries_code(eve, ALICE, "123456", STRANGER)
    assert refusal.get_json()["code"] == "too_many_one_time_codes"
    assert [tries_code(eve, NOBODY, "123456", STRANGER).status_code for _ in range(11)] == told
    comes_in(alice, ALICE, gets_code(alice, ALICE), STRANGER)
    org.signs_in(ALICE, "Alice")


def test_whoever_asked_while_no_worker_ran_has_given_up(
    org: Organisation, alice: Phone, later: Callable[[timedelta], None]
) -> None:
    asks_for_code(alice, ALICE)
    later(LASTS)
    assert codes_sent(org, ALICE) == []
    with org.world.worker.transaction() as session:
        assert session.scalars(select(AskedCode)).all() == []


def test_what_another_secret_sealed_holds_up_nobody(org: Organisation, alice: Phone) -> None:
    asks_for_code(alice, ALICE)
    with org.world.worker.transaction() as session:
        session.scalars(select(AskedCode)).one().sealed = "nonsense"
    assert len([gets_code(alice, ALICE)]) == 1


def test_the_webs_role_cannot_read_who_has_asked(org: Organisation, alice: Phone) -> None:
    asks_for_code(alice, ALICE)
    for statement in (
        "SELECT * FROM asked_codes",
        "DELETE FROM asked_codes",
        "UPDATE messages SET tries = 0",
    ):
        with pytest.raises(ProgrammingError), org.world.web.transaction(org.id) as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    "identifier", ["", " ", "x" * 255, "a\0b", 7, None, {"$ne": ""}, "\u202ea@b.example"]
)
def test_what_is_no_identifier_is_not_asked_after(org: Organisation, identifier: object) -> None:
    body = {"organisation": org.slug, "identifier": identifier, "device": Phone(org, "Eve").app}
    answer = org.world.app.test_client().post("/v1/sessions/codes", json=body)
    assert answer.status_code in (400, 422)
    assert waiting(org) == []


@pytest.mark.parametrize(
    "identifier", ["%", "_@example.com", "alice@example.com'--", "alice@example.com\n", "알리스@예.example"]
)
def test_nothing_typed_is_more_than_a_name(org: Organisation, alice: Phone, identifier: str) -> None:
    assert asks_for_code(alice, identifier).status_code == 202
    assert codes_sent(org, identifier) == []
    assert len(waiting(org)) == (identifier.strip() == ALICE)
