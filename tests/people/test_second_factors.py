"""Signing in with two factors: the app, the codes on paper, and what a thief of one of them gets."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from base import clock
from base.errors import NotFound
from people.accounts.authenticators import remove_authenticator_as_operator
from people.accounts.resets import person_of_identifier
from people.models import Person
from people.sign_in.challenges import forget_old_challenges
from people.sign_in.models import RecoveryCode, SignInChallenge, SignInPolicy, TotpSecret
from people.sign_in.throttle import ALLOWED
from people.sign_in.totp import code_of, step_now
from tests.stories.passwords import NEW, can_sign_in, changes_password, hears_of, redeems, reset_code
from tests.stories.second_factors import (
    Authenticator,
    asks_from,
    begins,
    challenged,
    comes_in,
    goes_on,
    grows_old,
    sets_up,
)
from tests.stories.sign_in_policies import holds
from tests.world import PASSWORD, Organisation, Phone, World

ALICE = "alice@example.com"


def test_an_app_is_asked_for_from_its_confirmation_on(org: Organisation) -> None:
    alice = org.person("Alice")
    assert alice.get("/v1/me/totp") == {"confirmed_at": None, "recovery_codes_left": 0}
    begun = alice.post("/v1/me/totp", None, 201)
    assert begun["uri"].startswith("otpauth://totp/")
    assert f"secret={begun['secret']}" in begun["uri"]
    assert begun["qr_svg"].startswith("<svg")
    assert can_sign_in(org, ALICE), "it is not confirmed yet"
    app = sets_up(alice)
    state = alice.get("/v1/me/totp")
    assert (state["confirmed_at"] is not None, state["recovery_codes_left"]) == (True, 10)
    refusal = begins(org, ALICE, Phone(org, "Alice")).get_json()
    assert (refusal["code"], refusal["factors"]) == ("second_factor_required", ["totp", "recovery_code"])
    phone = comes_in(org, ALICE, app)
    phone.get("/v1/me")
    assert phone.get("/v1/me/sessions")["items"][0]["factors"] == ["password", "totp"]


def test_the_first_step_alone_opens_nothing(world: World, org: Organisation) -> None:
    alice, thief = org.person("Alice"), Phone(org, "Thief")
    sets_up(alice)
    answer = begins(org, ALICE, thief)
    assert answer.status_code == 401
    assert not {"access_token", "refresh_token"} & answer.get_json().keys()
    assert len(alice.get("/v1/me/sessions")["items"]) == 1
    with world.worker.transaction() as session:
        (waits,) = session.scalars(select(SignInChallenge).where(SignInChallenge.organisation_id == org.id))
    assert answer.get_json()["challenge"].encode() not in waits.digest


def test_a_session_that_is_open_on_the_phone_goes_on_until_both_steps_are_done(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    again = Phone(org, "Alice")
    again.app = alice.app
    challenge = challenged(org, ALICE, again)
    alice.get("/v1/me")
    again.keeps(goes_on(again, challenge, totp=app.shows()).get_json())
    alice.get("/v1/me", 401)
    again.get("/v1/me")


def test_a_wrong_password_is_refused_as_ever(org: Organisation) -> None:
    sets_up(org.person("Alice"))
    phone = Phone(org, "Somebody")
    body = {"organisation": org.slug, "email": ALICE, "password": "not hers", "device": phone.app}
    assert phone.post("/v1/sessions", body, 401)["code"] == "sign_in_refused"


def test_a_code_is_good_once(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    code = app.shows()
    one, other = Phone(org, "Alice"), Phone(org, "Thief")
    first, second = challenged(org, ALICE, one), challenged(org, ALICE, other)
    assert goes_on(one, first, totp=code).status_code == 201
    refused = goes_on(other, second, totp=code)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "second_factor_refused")


@pytest.mark.parametrize(("steps", "status"), [(-2, 403), (-1, 201), (0, 201), (1, 201), (2, 403)])
def test_a_phones_clock_may_be_off_by_half_a_minute(org: Organisation, steps: int, status: int) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    forgets_steps(org, alice)
    phone = Phone(org, "Alice")
    challenge = challenged(org, ALICE, phone)
    assert goes_on(phone, challenge, totp=code_of(app.secret, step_now() + steps)).status_code == status


def test_of_many_at_once_with_one_code_one_comes_in(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    code, phones = app.shows(), [Phone(org, "Alice") for _ in range(8)]
    challenges = [challenged(org, ALICE, phone) for phone in phones]
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda each: goes_on(each[0], each[1], totp=code), zip(phones, challenges, strict=True))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 7


def test_a_challenge_is_good_once(org: Organisation) -> None:
    alice, phone = org.person("Alice"), Phone(org, "Alice")
    app = sets_up(alice)
    challenge = challenged(org, ALICE, phone)
    assert goes_on(phone, challenge, totp=app.shows()).status_code == 201
    again = goes_on(phone, challenge, recovery_code=app.recovery_codes[0])
    assert (again.status_code, again.get_json()["code"]) == (401, "challenge_refused")


def test_one_that_is_made_up_too_old_or_another_phones_is_refused_alike(
    world: World, org: Organisation
) -> None:
    alice, phone, thief = org.person("Alice"), Phone(org, "Alice"), Phone(org, "Thief")
    app = sets_up(alice)
    stolen, old = challenged(org, ALICE, phone), challenged(org, ALICE, phone)
    with world.worker.transaction() as session:
        newest = select(SignInChallenge).where(SignInChallenge.organisation_id == org.id)
        waits = session.scalars(newest.order_by(SignInChallenge.expires_at.desc())).first()
        assert waits is not None
        waits.expires_at = clock.now() - timedelta(seconds=1)
    refusals = [
        goes_on(thief, stolen, totp=app.shows()),
        goes_on(phone, old, recovery_code=app.recovery_codes[0]),
        goes_on(phone, "made-up-and-long-enough", totp="123456"),
    ]
    bodies = [{**refusal.get_json(), "request_id": ""} for refusal in refusals]
    assert bodies[0]["code"] == "challenge_refused"
    assert bodies[0] == bodies[1] == bodies[2]
    assert alice.get("/v1/me/totp")["recovery_codes_left"] == 10
    with world.worker.transaction() as session:
        forget_old_challenges(session)
        left = select(SignInChallenge.digest).where(SignInChallenge.organisation_id == org.id)
        assert len(session.scalars(left).all()) == 1


def test_guessing_ends_with_the_challenge_and_then_at_the_account(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    wrong, told = app.never_shows(), list[int]()
    for _ in range(3):
        thief = Phone(org, "Thief")
        challenge = challenged(org, ALICE, thief)
        told += [goes_on(thief, challenge, totp=wrong).status_code for _ in range(6)]
    assert told == [403] * 5 + [401] + [403] * 5 + [401] + [429] * 6
    held_up = Phone(org, "Thief")
    refusal = goes_on(held_up, challenged(org, ALICE, held_up), totp=app.shows())
    assert refusal.get_json()["code"] == "too_many_second_factors"


def test_who_guesses_holds_up_no_phone_that_is_hers(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    for number in range(ALLOWED):
        thief = Phone(org, "Thief")
        challenge = challenged(org, ALICE, thief)
        body = {"challenge": challenge, "installation_id": thief.app["installation_id"]}
        for _ in range(3):
            guess = {**body, "totp": app.never_shows()}
            asks_from(thief, f"198.51.100.{number}", "POST", "/v1/sessions/second-factor", guess)
    stranger = Phone(org, "Thief")
    body = {"challenge": challenged(org, ALICE, stranger), "installation_id": stranger.app["installation_id"]}
    last = {**body, "totp": app.never_shows()}
    answer = asks_from(stranger, "203.0.113.9", "POST", "/v1/sessions/second-factor", last)
    assert answer.status_code == 429
    own = Phone(org, "Alice")
    own.app = alice.app
    comes_in(org, ALICE, app, own).get("/v1/me")


def test_a_recovery_code_is_good_once_however_it_is_typed_and_she_hears_of_it(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    org.world.relays()
    position = alice.get("/v1/me")["position"]
    code = app.recovery_codes[3]
    typed = "-".join([code[:4], code[4:8].lower(), code[8:]]) + " "
    for phone, status in ((Phone(org, "Alice"), 201), (Phone(org, "Thief"), 403)):
        answer = goes_on(phone, challenged(org, ALICE, phone), recovery_code=typed)
        assert answer.status_code == status
    assert alice.get("/v1/me/totp")["recovery_codes_left"] == 9
    assert hears_of(alice, position) == [("recovery_code", alice.id)]


def test_anothers_codes_are_of_no_use(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    sets_up(alice)
    bobs, thief = sets_up(bob), Phone(org, "Bob")
    challenge = challenged(org, ALICE, thief)
    assert goes_on(thief, challenge, recovery_code=bobs.recovery_codes[0]).status_code == 403
    assert goes_on(thief, challenge, totp=bobs.shows()).status_code == 403
    assert bob.get("/v1/me/totp")["recovery_codes_left"] == 10


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"totp": "123456", "recovery_code": "ABCD"},
        {"totp": "12345"},
        {"totp": "１２３４５６"},
        {"totp": "123456\n"},
        {"totp": "x" * 100_000},
        {"totp": None},
        {"totp": 123456},
        {"recovery_code": ""},
        {"recovery_code": "x" * 50_000},
        {"password": PASSWORD},
    ],
)
def test_a_step_that_is_none_is_refused_and_not_counted(org: Organisation, given: dict[str, Any]) -> None:
    alice, phone = org.person("Alice"), Phone(org, "Alice")
    app = sets_up(alice)
    challenge = challenged(org, ALICE, phone)
    for _ in range(6):
        body = {"challenge": challenge, "installation_id": phone.app["installation_id"], **given}
        assert phone.request("POST", "/v1/sessions/second-factor", body).status_code in (413, 422)
    assert goes_on(phone, challenge, totp=app.shows()).status_code == 201


def test_a_changed_password_and_a_reset_end_sign_ins_that_wait(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    thief, other = Phone(org, "Thief"), Phone(org, "Thief")
    challenge = challenged(org, ALICE, thief)
    changes_password(alice, PASSWORD, NEW)
    assert goes_on(thief, challenge, totp=app.shows()).get_json()["code"] == "challenge_refused"
    redeems(org, ALICE, reset_code(org.admin, alice.id), PASSWORD)
    challenge = challenged(org, ALICE, other)
    org.admin.delete(f"/v1/admin/people/{UUID(person_id(org))}/sessions")
    assert goes_on(other, challenge, totp=app.shows()).get_json()["code"] == "challenge_refused"


def test_a_new_password_is_no_way_around_the_app(org: Organisation) -> None:
    alice = org.person("Alice")
    sets_up(alice)
    redeems(org, ALICE, reset_code(org.admin, alice.id))
    phone = Phone(org, "Thief")
    body = {"organisation": org.slug, "email": ALICE, "password": NEW, "device": phone.app}
    assert phone.post("/v1/sessions", body, 401)["code"] == "second_factor_required"


def test_closing_an_account_ends_what_waits_and_leaves_no_secret(world: World, org: Organisation) -> None:
    alice, phone = org.person("Alice"), Phone(org, "Alice")
    app = sets_up(alice)
    challenge = challenged(org, ALICE, phone)
    org.admin.delete(f"/v1/admin/people/{alice.id}")
    assert goes_on(phone, challenge, totp=app.shows()).get_json()["code"] == "challenge_refused"
    with world.worker.transaction() as session:
        for table in (TotpSecret, RecoveryCode, SignInChallenge):
            assert session.scalars(select(table).where(table.organisation_id == org.id)).all() == []


def test_the_secret_lies_nowhere_in_the_clear(world: World, org: Organisation) -> None:
    app = sets_up(org.person("Alice"))
    with world.worker.transaction() as session:
        kept = session.scalars(select(TotpSecret).where(TotpSecret.organisation_id == org.id)).one()
        digests = session.scalars(select(RecoveryCode.code_digest)).all()
    assert kept.sealed is not None
    assert app.secret not in kept.sealed
    assert kept.pending is None
    assert not {code.encode() for code in app.recovery_codes} & set(digests)


def test_another_app_takes_the_place_of_the_first_once_it_is_confirmed(org: Organisation) -> None:
    alice = org.person("Alice")
    first = sets_up(alice)
    second = Authenticator(alice.post("/v1/me/totp", None, 201)["secret"])
    comes_in(org, ALICE, first)
    wrong = alice.post("/v1/me/totp/confirmation", {"totp": second.never_shows()}, 403)
    assert wrong["code"] == "second_factor_refused"
    alice.post("/v1/me/totp/confirmation", {"totp": second.shows()})
    alice.post("/v1/me/totp/confirmation", {"totp": second.shows()}, 409)
    phone = Phone(org, "Alice")
    challenge = challenged(org, ALICE, phone)
    assert goes_on(phone, challenge, totp=first.shows()).status_code == 403
    assert goes_on(phone, challenge, recovery_code=first.recovery_codes[0]).status_code == 403
    assert goes_on(phone, challenge, totp=second.shows()).status_code == 201


def test_what_was_begun_long_ago_is_not_confirmed(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    app = Authenticator(alice.post("/v1/me/totp", None, 201)["secret"])
    with world.worker.transaction() as session:
        begun = update(TotpSecret).where(TotpSecret.organisation_id == org.id)
        session.execute(begun.values(pending_at=clock.now() - timedelta(minutes=16)))
    refusal = alice.post("/v1/me/totp/confirmation", {"totp": app.shows()}, 409)
    assert refusal["code"] == "totp_not_begun"
    assert can_sign_in(org, ALICE)


def test_who_does_without_is_asked_no_more_and_hears_of_all_of_it(org: Organisation) -> None:
    alice = org.person("Alice")
    position = alice.get("/v1/me")["position"]
    sets_up(alice)
    alice.post("/v1/me/recovery-codes", None, 201)
    alice.delete("/v1/me/totp")
    alice.delete("/v1/me/totp", 404)
    assert can_sign_in(org, ALICE)
    assert alice.get("/v1/me/totp") == {"confirmed_at": None, "recovery_codes_left": 0}
    told = [what for what, _ in hears_of(alice, position)]
    assert told == ["totp", "recovery_codes", "totp_removed"]


def test_new_recovery_codes_take_the_place_of_all_earlier_ones(org: Organisation) -> None:
    alice, phone = org.person("Alice"), Phone(org, "Alice")
    app = sets_up(alice)
    new = alice.post("/v1/me/recovery-codes", None, 201)["recovery_codes"]
    assert len(set(new)) == 10
    assert not set(new) & set(app.recovery_codes)
    challenge = challenged(org, ALICE, phone)
    assert goes_on(phone, challenge, recovery_code=app.recovery_codes[0]).status_code == 403
    assert goes_on(phone, challenge, recovery_code=new[0]).status_code == 201
    org.person("Bob").post("/v1/me/recovery-codes", None, 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/me/totp"), ("DELETE", "/v1/me/totp"), ("POST", "/v1/me/recovery-codes")],
)
def test_a_stolen_session_changes_no_second_factor(org: Organisation, method: str, path: str) -> None:
    alice = org.person("Alice")
    sets_up(alice)
    grows_old(alice)
    answer = alice.request(method, path)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "step_up_required")


def test_an_administrator_helps_who_has_lost_all_but_not_themselves(world: World, org: Organisation) -> None:
    alice, eve = org.person("Alice"), world.organisation().admin
    sets_up(alice)
    sets_up(org.admin)
    world.relays()
    position = alice.get("/v1/me")["position"]
    path = f"/v1/admin/people/{alice.id}/totp"
    eve.delete(path, 404)
    org.person("Bob").delete(path, 403)
    org.admin.delete(f"/v1/admin/people/{org.admin.id}/totp", 403)
    org.admin.delete(path)
    org.admin.delete(path, 404)
    assert can_sign_in(org, ALICE)
    assert hears_of(alice, position) == [("totp_removed", org.admin.id)]


def test_nothing_of_it_is_seen_by_another_organisation(world: World, org: Organisation) -> None:
    alice, other = org.person("Alice"), world.organisation()
    sets_up(alice)
    challenged(org, ALICE, Phone(org, "Alice"))
    holds(org, {"session_seconds": 3_600})
    for table in (TotpSecret, RecoveryCode, SignInChallenge, SignInPolicy):
        with world.web.transaction(org.id) as session:
            assert {row.organisation_id for row in session.scalars(select(table))} == {org.id}
        with world.web.transaction(other.id) as session:
            assert session.scalars(select(table)).all() == []
        with pytest.raises(ProgrammingError), world.web.transaction(org.id) as session:
            session.execute(update(table).values(organisation_id=other.id))


@pytest.mark.parametrize("name", ["가" * 100, "🧑‍🏭" * 30, "a:b/c?d&e", "</svg><script>"])
def test_any_name_fits_into_the_picture(org: Organisation, name: str) -> None:
    alice = org.person("Alice")
    alice.patch("/v1/me", {"name": name})
    begun = alice.post("/v1/me/totp", None, 201)
    assert "script" not in begun["qr_svg"]
    assert begun["uri"].count("secret=") == 1


def forgets_steps(org: Organisation, phone: Phone) -> None:
    """As if no code had been used yet."""
    with org.world.worker.transaction() as session:
        mine = update(TotpSecret).where(TotpSecret.person_id == UUID(phone.id))
        session.execute(mine.values(last_step=0))


def person_id(org: Organisation) -> str:
    """Alice's, who is signed in nowhere."""
    with org.world.worker.transaction() as session:
        named = select(Person.id).where(Person.organisation_id == org.id, Person.email == ALICE)
        return str(session.scalars(named).one())


def test_an_operator_helps_whom_nobody_else_can(world: World, org: Organisation) -> None:
    sets_up(org.admin)
    for slug, address, is_there in (
        (org.slug, "admin@example.com", True),
        (org.slug, "nobody@example.com", False),
        ("nowhere", "admin@example.com", False),
    ):
        with world.worker.transaction() as session:
            if is_there:
                remove_authenticator_as_operator(session, person_of_identifier(session, slug, address))
            else:
                with pytest.raises(NotFound):
                    person_of_identifier(session, slug, address)
    assert can_sign_in(org, "admin@example.com")
    with pytest.raises(NotFound), world.worker.transaction() as session:
        remove_authenticator_as_operator(
            session, person_of_identifier(session, org.slug, "admin@example.com")
        )
