"""Signing in with a passkey: what lets somebody in, and everything that does not."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from base import clock
from people.factors.challenges import LASTS, forget_used_challenges
from people.models import Passkey, SignedInSession, UsedChallenge
from people.sign_in.models import Credential
from tests.stories.passkeys import (
    EDDSA,
    ES256,
    PRESENT,
    RS256,
    SYNCABLE,
    SYNCED,
    VERIFIED,
    Authenticator,
    adds_passkey,
    asks_to_sign_in,
    b64,
    signs_in,
)
from tests.stories.passwords import hears_of
from tests.world import Organisation, Phone, World

ALICE = "alice@example.com"


def forgets_password(world: World, phone: Phone) -> None:
    """The account has none any more."""
    with world.worker.transaction() as session:
        session.execute(delete(Credential).where(Credential.person_id == UUID(phone.id)))


def factors_of(world: World, phone: Phone) -> list[str]:
    with world.worker.transaction() as session:
        return session.get_one(SignedInSession, UUID(phone.session_id)).factors


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_who_has_the_passkey_is_let_in(world: World, org: Organisation, algorithm: int) -> None:
    alice, hers = org.person("Alice"), Authenticator(algorithm)
    adds_passkey(alice, hers)
    phone = signs_in(org, hers)
    assert phone.id == alice.id
    assert factors_of(world, phone) == ["passkey"]
    assert phone.get("/v1/me/passkeys")["items"][0]["last_used_at"] is not None
    assert signs_in(org, hers).id == alice.id, "and again"


def test_it_is_all_that_an_account_needs(world: World, org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    forgets_password(world, alice)
    assert signs_in(org, hers).id == alice.id


def test_an_authenticator_that_does_not_count_is_let_in_each_time(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator(steps=0, flags=PRESENT | VERIFIED | SYNCABLE | SYNCED)
    assert adds_passkey(alice, hers)["synced"] is True
    for _ in range(3):
        assert signs_in(org, hers).id == alice.id


def test_all_devices_hear_of_a_new_passkey(org: Organisation) -> None:
    alice = org.person("Alice")
    position = alice.get("/v1/me")["position"]
    adds_passkey(alice, Authenticator())
    assert hears_of(alice, position) == [("passkey", alice.id)]


def test_what_is_asked_names_nobody(org: Organisation) -> None:
    adds_passkey(org.person("Alice"), Authenticator())
    asked = asks_to_sign_in(org, org.slug)["public_key"]
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    elsewhere = asks_to_sign_in(org, "an-organisation-that-is-not")["public_key"]
    assert {**elsewhere, "challenge": ""} == {**asked, "challenge": ""}


LIES: dict[str, dict[str, Any]] = {
    "of another origin": {"origin": "https://hereabouts.example.evil.example"},
    "of a page without TLS": {"origin": "http://hereabouts.example"},
    "of another domain": {"domain": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "of a making": {"client_data": {"type": "webauthn.create"}},
    "of another challenge": {"client_data": {"challenge": b64(bytes(32))}},
    "of a frame": {"client_data": {"crossOrigin": True}},
    "of an origin that is a list": {"client_data": {"origin": ["https://hereabouts.example"]}},
    "for another user": {"user": bytes(16)},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_signature_that_is_not_what_was_asked_lets_nobody_in(
    org: Organisation, lie: dict[str, Any]
) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    for name, value in lie.items():
        setattr(hers, name, value)
    assert refused(org, hers) == refusal_of_strangers(org)


def refused(org: Organisation, authenticator: Authenticator, **options: Any) -> dict[str, Any]:
    answer = signs_in(org, authenticator, 401, **options)
    return {**answer, "request_id": ""}


def refusal_of_strangers(org: Organisation) -> dict[str, Any]:
    """What is told of a passkey that nobody has."""
    return refused(org, Authenticator(user=bytes(16)))


def test_another_key_does_not_sign_for_it(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    forged = Authenticator(credential_id=hers.credential_id, user=hers.user)
    assert refused(org, forged) == refusal_of_strangers(org)
    assert signs_in(org, hers).id == alice.id, "and holds up nobody"


def test_a_forged_count_does_not_hold_an_honest_passkey(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    signs_in(org, hers)
    signs_in(org, Authenticator(credential_id=hers.credential_id, user=hers.user, steps=0), 401)
    assert signs_in(org, hers).id == alice.id


@pytest.mark.parametrize("back", [0, -1], ids=["comes again", "goes back"])
def test_a_count_that_does_not_go_on_is_of_a_copy_and_holds_the_passkey(org: Organisation, back: int) -> None:
    alice, hers = org.person("Alice"), Authenticator(steps=5)
    adds_passkey(alice, hers)
    phone = signs_in(org, hers)
    org.world.relays()
    position = alice.get("/v1/me")["position"]
    hers.steps = back
    assert refused(org, hers) == refusal_of_strangers(org)
    hers.steps = 100
    assert refused(org, hers) == refusal_of_strangers(org), "nor does the other one of the two"
    assert hears_of(alice, position) == [("passkey_held", None)]
    assert phone.get("/v1/me/passkeys")["items"][0]["held_at"] is not None


def test_an_authenticator_that_counted_and_does_not_any_more_is_held(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    signs_in(org, hers)
    hers.count = hers.steps = 0
    signs_in(org, hers, 401)
    assert alice.get("/v1/me/passkeys")["items"][0]["held_at"] is not None


def test_a_challenge_is_good_once(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    options = asks_to_sign_in(org)
    signs_in(org, hers, options=options)
    assert refused(org, hers, options=options) == refusal_of_strangers(org)


def test_also_where_the_first_signature_was_wrong(org: Organisation) -> None:
    hers, options = Authenticator(), asks_to_sign_in(org)
    adds_passkey(org.person("Alice"), hers)
    signs_in(org, Authenticator(), 401, options=options)
    signs_in(org, hers, 401, options=options)


def test_of_many_who_bring_one_answer_at_once_one_is_let_in(world: World, org: Organisation) -> None:
    hers, options = Authenticator(steps=0), asks_to_sign_in(org)
    adds_passkey(org.person("Alice"), hers)
    start, statuses = Barrier(4), list[int]()

    def brings() -> None:
        phone = Phone(org, "Somebody")
        credential = hers.signs(options)
        body = {"challenge_id": options["challenge_id"], "credential": credential, "device": phone.app}
        start.wait()
        statuses.append(phone.request("POST", "/v1/sessions/passkeys", body).status_code)

    threads = [Thread(target=brings) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 401, 401, 401]


def test_a_challenge_lasts_five_minutes(org: Organisation, later: Callable[[timedelta], None]) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    options, other = asks_to_sign_in(org), asks_to_sign_in(org)
    later(LASTS - timedelta(seconds=5))
    signs_in(org, hers, options=other)
    later(timedelta(seconds=6))
    signs_in(org, hers, 401, options=options)


@pytest.mark.parametrize("nonsense", ["x", "gAAAAA", "한글"])
def test_a_challenge_that_is_none_of_ours_is_refused(org: Organisation, nonsense: str) -> None:
    hers, options = Authenticator(), asks_to_sign_in(org)
    adds_passkey(org.person("Alice"), hers)
    signs_in(org, hers, 401, options={**options, "challenge_id": nonsense})


def test_so_is_whatever_else_is_sealed(world: World, org: Organisation) -> None:
    hers, options = Authenticator(), asks_to_sign_in(org)
    adds_passkey(org.person("Alice"), hers)
    sealer = world.app.extensions["hereabouts"].sealer
    for text in ("a code", "[]", "{}", '{"purpose": "passkey.prove"}'):
        signs_in(org, hers, 401, options={**options, "challenge_id": sealer.sealed(text)})


def test_the_passkey_of_another_organisation_is_none_of_ours(world: World, org: Organisation) -> None:
    theirs, hers = world.organisation(), Authenticator()
    thea = theirs.person("Thea")
    adds_passkey(thea, hers)
    signs_in(org, hers, 401, options=asks_to_sign_in(org, org.slug))
    assert signs_in(theirs, hers, options=asks_to_sign_in(org, theirs.slug)).id == thea.id
    assert signs_in(theirs, hers).id == thea.id, "where none is named, the passkey names it"


def test_nobody_is_let_in_to_an_account_that_was_closed(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    org.admin.delete(f"/v1/admin/people/{alice.id}")
    assert refused(org, hers) == refusal_of_strangers(org)


GARBAGE = [b"", b"\x00", bytes(36), bytes(37), b"\xff" * 200, b"\x9f" * 3_000, b"\xbb" + b"\xff" * 40]


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("member", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
def test_garbage_is_refused_and_no_fault(org: Organisation, member: str, garbage: bytes) -> None:
    hers = Authenticator()
    adds_passkey(org.person("Alice"), hers)
    options = asks_to_sign_in(org)
    credential = hers.signs(options)
    credential["response"][member] = b64(garbage)
    phone = Phone(org, "Somebody")
    body = {"challenge_id": options["challenge_id"], "credential": credential, "device": phone.app}
    answer = phone.request("POST", "/v1/sessions/passkeys", body)
    assert answer.status_code in (401, 422)


@pytest.mark.parametrize("named", ["A", "AA=A", "%%%%", "", None, 7, "A" * 1_500])
def test_an_id_that_is_no_bytes_is_refused(org: Organisation, named: Any) -> None:
    assert signs_in(org, Authenticator(), 422, id=named)["code"] == "invalid"


def test_what_browsers_may_add_is_no_mistake(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    options = asks_to_sign_in(org)
    credential = hers.signs(options)
    credential["response"]["transports"] = ["internal"]
    phone = Phone(org, "Somebody")
    body = {
        "challenge_id": options["challenge_id"],
        "credential": {**credential, "new": 1},
        "device": phone.app,
    }
    phone.post("/v1/sessions/passkeys", body, 201)


def test_a_count_is_remembered(world: World, org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator(steps=7)
    adds_passkey(alice, hers)
    signs_in(org, hers)
    with world.worker.transaction() as session:
        assert session.scalar(select(Passkey.sign_count).where(Passkey.person_id == UUID(alice.id))) == 7


def test_used_challenges_are_forgotten_when_they_are_too_old(
    world: World, org: Organisation, later: Callable[[timedelta], None]
) -> None:
    hers = Authenticator()
    adds_passkey(org.person("Alice"), hers)
    signs_in(org, hers)
    with world.worker.transaction() as session:
        forget_used_challenges(session)
        assert session.scalar(select(func.count()).select_from(UsedChallenge))
    later(LASTS)
    too_old = select(func.count()).where(UsedChallenge.expires_at <= clock.now())
    with world.worker.transaction() as session:
        assert session.scalar(too_old)
        forget_used_challenges(session)
        assert session.scalar(too_old) == 0
