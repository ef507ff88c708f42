"""Signing in with a code that was sent: once, on the device that asked, within minutes, by whom it was sent to."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update

from api.app import create_app
from base import clock
from people.models import Identifier, SignedInSession
from people.sign_in.asked_codes import Asked
from people.sign_in.models import AskedCode, OneTimeCode, SignInFailure
from people.sign_in.one_time_codes import CodeRefused, prove, sign_in_by_code
from people.sign_in.short_codes import LASTS, TRIES, forget_old
from people.sign_in.tokens import TokenMaker
from tests.stories.codes import (
    HOME,
    asks_for_code,
    codes_sent,
    comes_in,
    gets_code,
    has,
    keys_of,
    tries_code,
    wrong,
)
from tests.stories.identifiers import writes_down
from tests.stories.messages import waiting
from tests.stories.passwords import joins
from tests.world import Organisation, Phone, World

ALICE, BOB = "alice@example.com", "bob@example.com"
REFUSED = "one_time_code_refused"


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
    """Somebody with a verified address, at a phone on which nobody is signed in."""
    has(org, org.person("Alice"), ALICE)
    return Phone(org, "Alice")


def refusal(phone: Phone, code: str, identifier: str = ALICE) -> str:
    """What somebody is told who types a code."""
    answer = tries_code(phone, identifier, code)
    assert answer.status_code == 401, answer.get_data(as_text=True)
    return answer.get_json()["code"]


def test_alice_comes_in_by_a_code(org: Organisation, alice: Phone) -> None:
    assert asks_for_code(alice, " Alice@Example.COM ").status_code == 202
    (code,) = codes_sent(org, ALICE)
    comes_in(alice, "ALICE@example.com", code)
    assert alice.get("/v1/me")["person"]["email"] == ALICE
    with org.world.worker.transaction() as session:
        opened = session.get_one(SignedInSession, alice.session_id)
        assert (opened.factors, str(opened.address)) == (["one_time_code"], HOME)
        assert clock.now() - opened.proven_at < timedelta(minutes=1)


def test_the_message_is_in_her_language_and_of_her_organisation(org: Organisation, alice: Phone) -> None:
    signed_in = org.signs_in(ALICE, "Alice")
    signed_in.patch("/v1/me", {"locale": "ko"})
    code = gets_code(alice, ALICE)
    (message,) = waiting(org)
    assert (message["channel"], message["template"], message["locale"]) == ("mail", "one_time_code", "ko")
    assert message["values"] == {"organisation": "Org", "code": code, "minutes": "10"}


@pytest.mark.parametrize("written", ["{} {}", "{}-{}", " {}{} ", "{}.{}"])
def test_how_it_is_typed_does_not_matter(alice: Phone, written: str) -> None:
    code = gets_code(alice, ALICE)
    comes_in(alice, ALICE, written.format(code[:3], code[3:]))


def test_nor_do_the_digits_of_other_keyboards(alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    comes_in(alice, ALICE, "".join(chr(ord("０") + int(digit)) for digit in code))


def test_it_is_good_once(alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    comes_in(alice, ALICE, code)
    assert refusal(alice, code) == REFUSED


def test_of_twenty_at_once_one_comes_in(alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda _: tries_code(alice, ALICE, code).status_code, range(20)))
    assert answers.count(201) == 1
    assert set(answers) <= {201, 401, 429}


def test_of_two_who_were_right_at_once_the_second_is_refused(org: Organisation, alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    asked = Asked(org.slug, ALICE, alice.app["installation_id"])
    first, second = (prove(org.world.web, keys_of(org.world), asked, code, HOME) for _ in range(2))
    maker = TokenMaker("s" * 32, 900)
    with org.world.web.transaction() as session:
        sign_in_by_code(session, maker, 3_600, first, alice.app, HOME)
    with pytest.raises(CodeRefused), org.world.web.transaction() as session:
        sign_in_by_code(session, maker, 3_600, second, alice.app, HOME)


def test_after_five_wrong_tries_the_right_one_is_none(alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    for _ in range(TRIES):
        assert refusal(alice, wrong(code)) == REFUSED
    assert refusal(alice, code) == REFUSED


def test_four_wrong_tries_are_forgiven(alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    for _ in range(TRIES - 1):
        refusal(alice, wrong(code))
    comes_in(alice, ALICE, code)


def test_sixty_guesses_at_once_are_no_more_than_five(org: Organisation, alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    with ThreadPoolExecutor(20) as crowd:
        list(crowd.map(lambda _: tries_code(alice, ALICE, wrong(code)), range(20)))
    with org.world.worker.transaction() as session:
        assert session.scalars(select(OneTimeCode.tries_left)).all()[-1] >= 0
    assert tries_code(alice, ALICE, code).status_code in (401, 429)


def test_on_another_device_it_is_good_for_nothing(org: Organisation, alice: Phone) -> None:
    code, eve = gets_code(alice, ALICE), Phone(org, "Eve")
    assert refusal(eve, code) == REFUSED
    comes_in(alice, ALICE, code)


def test_after_its_minutes_it_is_none(alice: Phone, later: Callable[[timedelta], None]) -> None:
    code = gets_code(alice, ALICE)
    later(LASTS)
    assert refusal(alice, code) == REFUSED


def test_the_newest_of_a_device_is_the_one_and_other_devices_keep_theirs(
    org: Organisation, alice: Phone
) -> None:
    first, tablet = gets_code(alice, ALICE), Phone(org, "Alice")
    of_tablet = gets_code(tablet, ALICE)
    second = gets_code(alice, ALICE)
    if first != second:
        assert refusal(alice, first) == REFUSED
    comes_in(alice, ALICE, second)
    comes_in(tablet, ALICE, of_tablet)


def test_a_code_is_of_one_person(org: Organisation, alice: Phone) -> None:
    has(org, org.person("Bob"), BOB)
    code = gets_code(alice, ALICE)
    asks_for_code(alice, BOB)
    codes_sent(org, BOB)
    bobs = codes_sent(org, BOB)[-1]
    if bobs != code:
        assert refusal(alice, code, BOB) == REFUSED
        assert refusal(alice, bobs, ALICE) == REFUSED


def test_a_digest_that_is_moved_to_another_row_is_worth_nothing(org: Organisation, alice: Phone) -> None:
    """Whoever can write to the table, and not read the secret, cannot give themself a code that they know."""
    bob = org.person("Bob")
    has(org, bob, BOB)
    known = gets_code(Phone(org, "Bob"), BOB)
    gets_code(alice, ALICE)
    with org.world.worker.transaction() as session:
        bobs = session.scalars(select(OneTimeCode).where(OneTimeCode.person_id == bob.id)).one()
        own = OneTimeCode.bound_to == alice.app["installation_id"]
        session.execute(update(OneTimeCode).where(own).values(digest=bobs.digest))
    assert refusal(alice, known) == REFUSED


@pytest.mark.parametrize("typed", ["010-1234-5678", "+82 10 1234 5678", "０１０１２３４５６７８"])
def test_a_number_is_sent_a_short_message_however_it_is_typed(org: Organisation, typed: str) -> None:
    jonas = org.person("Jonas")
    has(org, jonas, "010-1234-5678")
    tablet = Phone(org, "Jonas")
    assert asks_for_code(tablet, typed).status_code == 202
    (code,) = codes_sent(org, "+821012345678")
    assert waiting(org)[-1]["channel"] == "sms"
    comes_in(tablet, "+821012345678", code)
    assert tablet.id == jonas.id


def test_who_has_no_password_comes_in_by_a_code(org: Organisation) -> None:
    made = writes_down(org, "Sora", "010-2345-6789")["id"]
    sora = Phone(org, "Sora")
    with org.world.worker.transaction() as session:
        of_sora = update(Identifier).where(Identifier.person_id == UUID(made))
        session.execute(of_sora.values(verified_at=clock.now()))
    asks_for_code(sora, "010-2345-6789")
    comes_in(sora, "010-2345-6789", codes_sent(org, "+821023456789")[0])
    assert sora.id == made


@pytest.mark.parametrize("kind", ["employee_number", "username"])
def test_nothing_goes_anywhere_for_a_name_to_which_nothing_can_be_sent(
    org: Organisation, alice: Phone, kind: str
) -> None:
    has(org, org.signs_in(ALICE, "Alice"), "a-4711", kind=kind)
    sent_nothing(org, alice, "a-4711")


def sent_nothing(org: Organisation, phone: Phone, identifier: str, slug: str | None = None) -> None:
    """The answer is the usual one, and nobody gets anything."""
    before = len(waiting(org))
    assert asks_for_code(phone, identifier, slug=slug).status_code == 202
    codes_sent(org, identifier)
    assert len(waiting(org)) == before


def test_nothing_goes_to_what_is_not_verified_or_not_hers_any_more(org: Organisation) -> None:
    signed_in = org.person("Alice")
    identifier = has(org, signed_in, ALICE, verified=False)
    phone = Phone(org, "Alice")
    sent_nothing(org, phone, ALICE)
    with org.world.worker.transaction() as session:
        known = session.get_one(Identifier, identifier)
        known.verified_at, known.ended_at = clock.now(), clock.now()
    sent_nothing(org, phone, ALICE)


def test_nothing_goes_to_a_closed_account_nor_elsewhere(org: Organisation, alice: Phone) -> None:
    other = org.world.organisation()
    sent_nothing(org, alice, ALICE, slug=other.slug)
    sent_nothing(org, alice, "nobody@example.com")
    sent_nothing(org, alice, ALICE, slug="no-such-organisation")
    person = org.signs_in(ALICE, "Alice").id
    org.admin.delete(f"/v1/admin/people/{person}")
    sent_nothing(org, alice, ALICE)


def test_a_code_dies_with_the_account_and_with_the_address(org: Organisation, alice: Phone) -> None:
    person = org.signs_in(ALICE, "Alice").id
    asked = Asked(org.slug, ALICE, alice.app["installation_id"])
    code = gets_code(alice, ALICE)
    proof = prove(org.world.web, keys_of(org.world), asked, code, HOME)
    with org.world.worker.transaction() as session:
        ended = update(Identifier).where(Identifier.person_id == person)
        session.execute(ended.values(ended_at=clock.now()))
    with pytest.raises(CodeRefused), org.world.web.transaction() as session:
        sign_in_by_code(session, TokenMaker("s" * 32, 900), 3_600, proof, alice.app, HOME)
    org.admin.delete(f"/v1/admin/people/{person}")
    with org.world.worker.transaction() as session:
        session.execute(ended.values(ended_at=None))
    with pytest.raises(CodeRefused), org.world.web.transaction() as session:
        sign_in_by_code(session, TokenMaker("s" * 32, 900), 3_600, proof, alice.app, HOME)
    assert refusal(alice, code) == REFUSED


def test_an_address_that_was_given_up_takes_its_account_along(org: Organisation, alice: Phone) -> None:
    """Whoever has the address next is sent codes for the account that is theirs."""
    org.admin.delete(f"/v1/admin/people/{org.signs_in(ALICE, 'Alice').id}")
    newcomer = joins(org, "Alicia", ALICE)
    has(org, newcomer, ALICE)
    comes_in(alice, ALICE, gets_code(alice, ALICE))
    assert alice.get("/v1/me")["person"]["name"] == "Alicia"


def test_it_is_compared_after_the_secret_has_changed(org: Organisation, alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    settings = org.world.settings
    new = replace(settings, secret_key="n" * 32, former_secret_key=settings.secret_key)
    lost = replace(settings, secret_key="n" * 32)
    body = {"organisation": org.slug, "identifier": ALICE, "code": code, "device": alice.app}
    without = create_app(lost, org.world.web).test_client()
    assert without.post("/v1/sessions/by-code", json=body).status_code == 401
    client = create_app(new, org.world.web).test_client()
    assert client.post("/v1/sessions/by-code", json=body).status_code == 201


@pytest.mark.parametrize(("identifier", "off"), [(ALICE, "smtp_url"), ("010-1234-5678", "sms_gateway_url")])
def test_where_nothing_is_sent_everybody_is_told_so(org: Organisation, identifier: str, off: str) -> None:
    client = create_app(replace(org.world.settings, **{off: None}), org.world.web).test_client()
    body = {"organisation": org.slug, "identifier": identifier, "device": Phone(org, "Eve").app}
    for slug in (org.slug, "no-such-organisation"):
        answer = client.post("/v1/sessions/codes", json={**body, "organisation": slug})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "channel_off")


def test_what_is_kept_tells_no_code(org: Organisation, alice: Phone) -> None:
    code = gets_code(alice, ALICE)
    asks_for_code(alice, ALICE)
    with org.world.worker.transaction() as session:
        for table in ("one_time_codes", "asked_codes", "messages"):
            rows = session.scalars(text(f"SELECT CAST(t AS text) FROM {table} t")).all()  # noqa: S608
            assert rows
            assert not [row for row in rows if ALICE in row or f",{code}," in row]


def test_codes_of_yesterday_are_forgotten(
    org: Organisation, alice: Phone, later: Callable[[timedelta], None]
) -> None:
    gets_code(alice, ALICE)
    later(timedelta(days=1, minutes=1))
    with org.world.worker.transaction() as session:
        forget_old(session)
        assert session.scalars(select(OneTimeCode).where(OneTimeCode.organisation_id == org.id)).all() == []
