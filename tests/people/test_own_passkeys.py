"""One's passkeys: made, named, removed; and proving anew who one is with them."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import cbor2
import pytest
from sqlalchemy import delete

from api.app import create_app
from base.settings import SettingsError, load_settings
from people.factors.passkeys import MOST
from people.sign_in.fresh import FRESH_FOR
from people.sign_in.models import Credential
from tests.api.operations import UNCONNECTED
from tests.stories.checkins import code, marker
from tests.stories.passkeys import (
    EDDSA,
    ES256,
    PRESENT,
    RS256,
    VERIFIED,
    Authenticator,
    adds_passkey,
    asks_for_passkey,
    asks_for_proof,
    asks_to_sign_in,
    b64,
    has_passkey,
    proves,
    raw,
    signs_in,
)
from tests.stories.passwords import can_sign_in, hears_of
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone, World

ALICE = "alice@example.com"
Later = Callable[[timedelta], None]


def listed(phone: Phone) -> list[str]:
    return [passkey["name"] for passkey in phone.get("/v1/me/passkeys")["items"]]


def test_an_authenticator_is_asked_for_a_key_that_knows_its_user(org: Organisation) -> None:
    alice = org.person("Alice")
    asked = asks_for_passkey(alice)["public_key"]
    assert raw(asked["user"]["id"]) == UUID(alice.id).bytes
    assert (asked["user"]["displayName"], asked["rp"]["id"]) == ("Alice", "hereabouts.example")
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert {each["alg"] for each in asked["pubKeyCredParams"]} == {ES256, EDDSA, RS256}
    assert asked["attestation"] == "none"


def test_it_is_told_which_keys_there_are(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    excluded = asks_for_passkey(alice)["public_key"]["excludeCredentials"]
    assert [each["id"] for each in excluded] == [b64(hers.credential_id)]


def test_passkeys_are_named_and_removed_by_their_owner_alone(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    first, hers = has_passkey(alice), Authenticator()
    second = has_passkey(alice, hers)
    alice.patch(f"/v1/me/passkeys/{second}", {"name": "Laptop"})
    bob.patch(f"/v1/me/passkeys/{second}", {"name": "Mine"}, 404)
    bob.delete(f"/v1/me/passkeys/{second}", 404)
    assert listed(alice) == ["My phone", "Laptop"]
    assert listed(bob) == []
    alice.delete(f"/v1/me/passkeys/{second}")
    signs_in(org, hers, 401)
    assert [passkey["id"] for passkey in alice.get("/v1/me/passkeys")["items"]] == [first]
    alice.delete(f"/v1/me/passkeys/{uuid4()}", 404)


LIES: dict[str, dict[str, Any]] = {
    "of another origin": {"origin": "https://evil.example"},
    "of another domain": {"domain": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "of a signature": {"client_data": {"type": "webauthn.get"}},
    "of another challenge": {"client_data": {"challenge": b64(bytes(32))}},
    "of a frame": {"client_data": {"crossOrigin": True}},
    "vouched for": {"attestation": {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": [b"x"]}}},
    "of a maker": {"attestation": {"fmt": "tpm", "attStmt": {"ver": "2.0"}}},
    "of no maker, who says something": {"attestation": {"fmt": "none", "attStmt": {"sig": b"x"}}},
    "of a form that is none": {"attestation": {"fmt": 7, "attStmt": []}},
    "with an id without end": {"credential_id": bytes(1_024)},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_is_not_as_it_was_asked_for_is_not_kept(org: Organisation, lie: dict[str, Any]) -> None:
    alice, hers = org.person("Alice"), Authenticator(**lie)
    assert adds_passkey(alice, hers, 422)["code"] in ("passkey_invalid", "invalid")
    assert listed(alice) == []


@pytest.mark.parametrize(
    "garbage", [bytes(1), b"\xff" * 100, b"\x9f" * 9_000, b"\xbb" + b"\xff" * 9, b"\xa0"]
)
def test_garbage_is_refused_and_no_fault(org: Organisation, garbage: bytes) -> None:
    alice = org.person("Alice")
    options = asks_for_passkey(alice)
    credential = Authenticator().creates(options)
    credential["response"]["attestationObject"] = b64(garbage)
    body = {"challenge_id": options["challenge_id"], "name": "x", "credential": credential}
    assert alice.post("/v1/me/passkeys", body, 422)["code"] == "passkey_invalid"


def test_a_key_that_takes_long_to_check_is_not_kept(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator(RS256)
    options = asks_for_passkey(alice)
    credential = hers.creates(options)
    made = cbor2.loads(raw(credential["response"]["attestationObject"]))
    head = made["authData"][: 37 + 18 + 16]
    made["authData"] = head + cbor2.dumps({1: 3, 3: RS256, -1: b"\xff" * 2_048, -2: b"\x01\x00\x01"})
    credential["response"]["attestationObject"] = b64(cbor2.dumps(made))
    body = {"challenge_id": options["challenge_id"], "name": "x", "credential": credential}
    assert alice.post("/v1/me/passkeys", body, 422)["code"] == "passkey_invalid"


def test_an_answer_is_taken_once_and_in_its_session_alone(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    laptop = org.signs_in(ALICE, "Alice")
    options = asks_for_passkey(alice)
    body = {
        "challenge_id": options["challenge_id"],
        "name": "x",
        "credential": Authenticator().creates(options),
    }
    for other in (laptop, bob):
        assert other.post("/v1/me/passkeys", body, 422)["code"] == "passkey_invalid"
    assert alice.post("/v1/me/passkeys", body, 422)["code"] == "passkey_invalid", "it was used up"
    again = asks_for_passkey(alice)
    body = {"challenge_id": again["challenge_id"], "name": "x", "credential": Authenticator().creates(again)}
    alice.post("/v1/me/passkeys", body, 201)
    alice.post("/v1/me/passkeys", body, 422)
    assert listed(alice) == ["x"]


def test_a_lost_answer_is_given_again(org: Organisation) -> None:
    alice = org.person("Alice")
    options = asks_for_passkey(alice)
    body = {
        "challenge_id": options["challenge_id"],
        "name": "x",
        "credential": Authenticator().creates(options),
    }
    first = alice.post("/v1/me/passkeys", body, 201, Idempotency_Key="k-1")
    assert alice.post("/v1/me/passkeys", body, 201, Idempotency_Key="k-1") == first


def test_challenges_are_for_what_they_were_made_for(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    signs_in(org, hers, 401, options=asks_for_proof(alice))
    proves(alice, hers, 403, options=asks_to_sign_in(org))
    signing = asks_to_sign_in(org)
    fake = {**asks_for_passkey(alice)["public_key"], "challenge": signing["public_key"]["challenge"]}
    credential = Authenticator().creates({"public_key": fake})
    body = {"challenge_id": signing["challenge_id"], "name": "x", "credential": credential}
    alice.post("/v1/me/passkeys", body, 422)


def test_to_ask_for_a_proof_is_no_way_around_one(org: Organisation, later: Later) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    register = asks_for_passkey(alice)
    later(FRESH_FOR - timedelta(seconds=10))
    proves(alice, hers, 403, options=register)
    later(timedelta(seconds=11))
    asked = asks_for_proof(alice)
    fake = {**register["public_key"], "challenge": asked["public_key"]["challenge"]}
    credential = Authenticator().creates({"public_key": fake})
    body = {"challenge_id": asked["challenge_id"], "name": "x", "credential": credential}
    assert alice.post("/v1/me/passkeys", body, 422)["code"] == "passkey_invalid"
    assert listed(alice) == ["My phone"]


def test_one_authenticator_is_one_account_s(world: World, org: Organisation) -> None:
    hers = Authenticator()
    adds_passkey(org.person("Alice"), hers)
    for other in (org.person("Bob"), world.organisation().person("Thea")):
        assert adds_passkey(other, hers, 409)["code"] == "passkey_known"


def test_there_are_not_more_than_so_many(org: Organisation) -> None:
    alice = org.person("Alice")
    for _ in range(MOST):
        has_passkey(alice)
    assert adds_passkey(alice, Authenticator(), 409)["code"] == "too_many_passkeys"


@pytest.mark.parametrize("path", ["/v1/me/passkeys/options", "/v1/me/passkeys/{id}"])
def test_another_way_in_takes_a_fresh_proof(org: Organisation, later: Later, path: str) -> None:
    alice = org.person("Alice")
    made = has_passkey(alice)
    later(FRESH_FOR + timedelta(seconds=1))
    method = "DELETE" if "{id}" in path else "POST"
    answer = alice.request(method, path.replace("{id}", made), None if "{id}" in path else {})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "step_up_required")


def test_a_passkey_proves_anew_who_one_is(org: Organisation, later: Later) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    later(FRESH_FOR + timedelta(seconds=1))
    alice.post("/v1/me/passkeys/options", None, 403)
    options = asks_for_proof(alice)
    assert [each["id"] for each in options["public_key"]["allowCredentials"]] == [b64(hers.credential_id)]
    proves(alice, hers, options=options)
    asks_for_passkey(alice)


def test_the_passkey_of_somebody_else_proves_nothing(org: Organisation, later: Later) -> None:
    alice, bob, his = org.person("Alice"), org.person("Bob"), Authenticator()
    adds_passkey(bob, his)
    later(FRESH_FOR + timedelta(seconds=1))
    assert proves(alice, his, 403)["code"] == "passkey_proof_refused"
    alice.post("/v1/me/passkeys/options", None, 403)


def test_nor_does_an_answer_of_another_session(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    proves(org.signs_in(ALICE, "Alice"), hers, 403, options=asks_for_proof(alice))


def test_a_copy_is_held_where_it_proves_too(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    proves(alice, hers)
    hers.steps = 0
    proves(alice, hers, 403)
    assert alice.get("/v1/me/passkeys")["items"][0]["held_at"] is not None
    alice.get("/v1/me")


def loses_password(world: World, phone: Phone) -> None:
    with world.worker.transaction() as session:
        session.execute(delete(Credential).where(Credential.person_id == UUID(phone.id)))


def test_the_last_way_in_is_not_removed(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    first, second = has_passkey(alice), has_passkey(alice)
    loses_password(world, alice)
    alice.delete(f"/v1/me/passkeys/{first}")
    assert alice.delete(f"/v1/me/passkeys/{second}", 409)["code"] == "last_way_in"
    assert len(listed(alice)) == 1


def test_of_two_that_are_removed_at_once_one_stays(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    both = [has_passkey(alice), has_passkey(alice)]
    loses_password(world, alice)
    start, statuses = Barrier(2), list[int]()

    def removes(passkey: str) -> None:
        start.wait()
        statuses.append(alice.request("DELETE", f"/v1/me/passkeys/{passkey}").status_code)

    threads = [Thread(target=removes, args=(each,)) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204, 409]


def test_an_administrator_who_has_a_passkey_alone_is_one_who_can_sign_in(
    world: World, org: Organisation
) -> None:
    amy = org.person("Amy", role="organisation_administrator")
    loses_password(world, amy)
    assert org.admin.delete(f"/v1/admin/people/{org.admin.id}", 409)["code"] == "last_administrator"
    made = has_passkey(amy)
    org.admin.delete(f"/v1/admin/people/{org.admin.id}")
    assert amy.delete(f"/v1/me/passkeys/{made}", 409)["code"] == "last_way_in"


def test_an_administrator_takes_away_the_passkey_of_a_lost_phone(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    made = has_passkey(alice, hers)
    org.world.relays()
    position = alice.get("/v1/me")["position"]
    assert [each["id"] for each in org.admin.get(f"/v1/admin/people/{alice.id}/passkeys")["items"]] == [made]
    org.admin.delete(f"/v1/admin/people/{alice.id}/passkeys/{made}")
    signs_in(org, hers, 401)
    assert hears_of(alice, position) == [("passkey", org.admin.id)]


def test_and_no_other_s_by_that_person_nor_their_own(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    made, own = has_passkey(alice), has_passkey(org.admin)
    org.admin.delete(f"/v1/admin/people/{bob.id}/passkeys/{made}", 404)
    assert org.admin.delete(f"/v1/admin/people/{org.admin.id}/passkeys/{own}", 403)["code"] == "own_account"
    bob.get(f"/v1/admin/people/{alice.id}/passkeys", 403)


def test_a_visitor_from_the_gate_makes_none(org: Organisation) -> None:
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    comes_as_visitor(org, code(org, gate)).post("/v1/me/passkeys/options", None, 403)


def test_a_new_password_leaves_passkeys_as_they_are(org: Organisation) -> None:
    alice, hers = org.person("Alice"), Authenticator()
    adds_passkey(alice, hers)
    body = {"current_password": "correct horse battery", "new_password": "a stable for three horses"}
    alice.put("/v1/me/password", body, 204)
    assert signs_in(org, hers).id == alice.id
    assert can_sign_in(org, ALICE, "a stable for three horses")


def test_without_a_domain_there_are_none(world: World, org: Organisation) -> None:
    settings = load_settings(
        {name: value for name, value in world.environment.items() if name != "PASSKEY_RP_ID"}
    )
    client = create_app(settings, world.web).test_client()
    answer = client.post("/v1/sessions/passkeys/options", json={})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "passkeys_off")


@pytest.mark.parametrize("origins", ["http://app.example", "*", "android:apk-key-hash:x", "ios:app"])
def test_passkeys_take_tls_or_an_app_that_is_known(origins: str) -> None:
    with pytest.raises(SettingsError, match="PASSKEY_ORIGINS"):
        load_settings({**UNCONNECTED, "PASSKEY_RP_ID": "app.example", "PASSKEY_ORIGINS": origins})


@pytest.mark.parametrize("domain", ["https://app.example", "App.example", "app..example", "-x.example", ""])
def test_a_domain_is_a_domain(domain: str) -> None:
    with pytest.raises(SettingsError, match="PASSKEY_RP_ID"):
        load_settings({**UNCONNECTED, "PASSKEY_RP_ID": domain})


def test_pages_and_apps_are_listed() -> None:
    android = "android:apk-key-hash:" + "A" * 43
    origins = f"https://App.example:443, {android},http://localhost:8000"
    settings = load_settings({**UNCONNECTED, "PASSKEY_RP_ID": "app.example", "PASSKEY_ORIGINS": origins})
    assert settings.passkey_origins == ("https://app.example", android, "http://localhost:8000")
