"""Two at once: whoever comes second gets the answer that a moment later would have been right, and never a fault."""

import hashlib
import hmac
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.stories.passwords import NEW, can_sign_in, reset_code
from tests.stories.twins import Request, codes, statuses, twins
from tests.world import PASSWORD, Organisation, Phone, World, feature, square


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def signs_in(org: Organisation, app: dict[str, Any]) -> Request:
    phone = Phone(org, "Ada")
    body = {"organisation": org.slug, "email": "admin@example.com", "password": PASSWORD, "device": app}
    return lambda: phone.request("POST", "/v1/sessions", body)


def accepts(org: Organisation, code: str, email: str) -> Request:
    phone = Phone(org, "Newcomer")
    body = {"code": code, "email": email, "name": "Newcomer", "password": PASSWORD, "device": phone.app}
    return lambda: phone.request("POST", "/v1/invitations/accept", body)


def invited(org: Organisation, uses: int = 1) -> str:
    return org.admin.post("/v1/admin/invitations", {"role": "member", "uses": uses}, 201)["code"]


def test_one_app_that_signs_in_twice_at_once(world: World, org: Organisation) -> None:
    app = {"installation_id": "the same phone", "platform": "ios"}
    assert statuses(world, signs_in(org, app), signs_in(org, app)) == [201, 201]


def test_one_address_with_two_invitations(world: World, org: Organisation) -> None:
    one, other = (accepts(org, invited(org), "eve@example.com") for _ in range(2))
    assert codes(world, one, other) == [None, "email_taken"]


def test_the_last_use_of_an_invitation(world: World, org: Organisation) -> None:
    code = invited(org)
    one, other = accepts(org, code, "one@example.com"), accepts(org, code, "two@example.com")
    assert codes(world, one, other) == [None, "invitation_refused"]


def test_one_push_address_on_two_devices(world: World, org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    address = {"kind": "token", "address": "the-same-token-twice"}
    one, other = (lambda who=who: who.request("PUT", "/v1/me/device/push", address) for who in (alice, bob))
    assert statuses(world, one, other) == [200, 200]
    registered = [who.get("/v1/me")["device"]["push"]["registered"] for who in (alice, bob)]
    assert registered == [False, True]


def test_one_external_id(world: World, org: Organisation) -> None:
    phones = [org.admin, org.signs_in("admin@example.com", "Ada")]
    body = feature(square(127, 37.5, 0.001), name="Depot", external_id="D-1")
    one, other = (lambda who=who: who.request("POST", "/v1/admin/sites", body) for who in phones)
    assert codes(world, one, other) == [None, "external_id_taken"]


def test_one_beacon(world: World, org: Organisation) -> None:
    site = org.site()
    phones = [org.admin, org.signs_in("admin@example.com", "Ada")]
    beacon = {"uuid": "f7826da6-4fa2-4e98-8024-bc5b71e0893e", "major": 1, "minor": 2}
    body = {"kind": "beacon", "name": "Door", "beacon": beacon}
    path = f"/v1/admin/places/{site}/markers"
    one, other = (lambda who=who: who.request("POST", path, body) for who in phones)
    assert codes(world, one, other) == [None, "marker_address_taken"]


def test_one_roll_call(world: World, org: Organisation) -> None:
    site = org.site()
    phones = [org.admin, org.signs_in("admin@example.com", "Ada")]
    path = f"/v1/admin/places/{site}/musters"
    one, other = (lambda who=who: who.request("POST", path, {"message": "Fire"}) for who in phones)
    first, second = twins(world, one, other)
    assert first.status_code == 201
    assert second.status_code in (200, 201, 409), second.get_json()


def test_one_consent_membership_and_preference(world: World, org: Organisation) -> None:
    site = org.site(admission="open")
    eve = org.person("Eve", consents=False)
    again = org.signs_in("eve@example.com", "Eve")
    for method, path, body in (
        ("POST", "/v1/me/consents", {"kind": "presence", "text_version": "1"}),
        ("PUT", f"/v1/scopes/{site}/membership", {}),
        ("PATCH", "/v1/me/push-preferences", {"digest": "inbox"}),
    ):
        one, other = (
            lambda who=who, method=method, path=path, body=body: who.request(method, path, body)
            for who in (eve, again)
        )
        answers = twins(world, one, other)
        assert all(answer.status_code < 300 for answer in answers), [a.get_json() for a in answers]


def test_one_queued_post_sent_by_two_requests(world: World, org: Organisation) -> None:
    ada, again = org.admin, org.signs_in("admin@example.com", "Ada")
    body = {"text": "once", "client_id": "0123456789"}
    path = f"/v1/scopes/{org.id}/posts"
    one, other = (lambda who=who: who.request("POST", path, body) for who in (ada, again))
    assert sorted(statuses(world, one, other)) == [200, 201]


def test_one_address_wanted_by_two(world: World, org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    body = {"email": "eve@example.com", "password": PASSWORD}
    one, other = (lambda who=who: who.request("PUT", "/v1/me/email", body) for who in (alice, bob))
    assert codes(world, one, other) == [None, "email_taken"]
    newcomer = accepts(org, invited(org), "mallory@example.com")
    path, taken = f"/v1/admin/people/{bob.id}/email", {"email": "mallory@example.com"}
    assert codes(world, lambda: org.admin.request("PUT", path, taken), newcomer) == [None, "email_taken"]


def test_one_password_changed_by_two(world: World, org: Organisation) -> None:
    phones = [org.person("Alice"), org.signs_in("alice@example.com", "Alice")]
    bodies = [{"current_password": PASSWORD, "new_password": f"the {n} of them"} for n in ("first", "second")]
    one, other = (
        lambda who=who, body=body: who.request("PUT", "/v1/me/password", body)
        for who, body in zip(phones, bodies, strict=True)
    )
    assert codes(world, one, other) == [None, "password_refused"]
    assert can_sign_in(org, "alice@example.com", "the first of them")


def test_one_reset_code_used_by_two(world: World, org: Organisation) -> None:
    told = reset_code(org.admin, org.person("Alice").id)
    one, other = (uses_code(org, told, password) for password in ("the first of them", "the second of them"))
    assert codes(world, one, other) == [None, "reset_refused"]
    assert can_sign_in(org, "alice@example.com", "the first of them")
    assert not can_sign_in(org, "alice@example.com", "the second of them")


def uses_code(org: Organisation, told: str, password: str) -> Request:
    body = {"organisation": org.slug, "email": "alice@example.com", "code": told, "new_password": password}
    return lambda: Phone(org, "Alice").request("POST", "/v1/password-resets", body)


@pytest.mark.parametrize("is_first", [True, False])
def test_the_old_password_lets_nobody_in_beside_a_reset(
    world: World, org: Organisation, is_first: bool
) -> None:
    told = reset_code(org.admin, org.person("Alice").id)
    thief = Phone(org, "Alice")
    body = {"organisation": org.slug, "email": "alice@example.com", "password": PASSWORD, "device": thief.app}
    signs, resets = (lambda: thief.request("POST", "/v1/sessions", body)), uses_code(org, told, NEW)
    first, second = twins(world, *((signs, resets) if is_first else (resets, signs)))
    if is_first:
        thief.keeps(first.get_json())
        assert thief.get("/v1/me", 401)["code"] == "session_ended"
    else:
        assert second.get_json()["code"] == "sign_in_refused"


def test_two_administrators_who_close_one_another(world: World, org: Organisation) -> None:
    ada, bea = org.admin, org.person("Bea", role="organisation_administrator")
    one, other = (
        lambda who=who, of=of: who.request("DELETE", f"/v1/admin/people/{of}")
        for who, of in ((ada, bea.id), (bea, ada.id))
    )
    assert codes(world, one, other) == [None, "last_administrator"]
    ada.get("/v1/me")


def test_two_administrators_who_close_their_own_accounts(world: World, org: Organisation) -> None:
    ada, bea = org.admin, org.person("Bea", role="organisation_administrator")
    one, other = (
        lambda who=who, of=who.id: who.request("DELETE", f"/v1/admin/people/{of}") for who in (ada, bea)
    )
    assert codes(world, one, other) == [None, "last_administrator"]
    assert can_sign_in(org, "bea@example.com")


def test_an_account_that_is_closed_while_its_code_is_used(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    told, path = reset_code(org.admin, alice.id), f"/v1/admin/people/{alice.id}"
    assert codes(world, lambda: org.admin.request("DELETE", path), uses_code(org, told, NEW)) == [
        None,
        "reset_refused",
    ]
    assert not can_sign_in(org, "alice@example.com", NEW)


def test_app_and_extension_refresh_at_once_and_get_the_same(world: World) -> None:
    alice = world.organisation().person("Alice")
    token = alice.tokens["refresh_token"]
    key = hmac.new(b"shared by app and extension", token.encode(), hashlib.sha256).hexdigest()

    def refreshes() -> TestResponse:
        return alice.request("POST", "/v1/sessions/refresh", {"refresh_token": token}, Idempotency_Key=key)

    app, extension = twins(world, refreshes, refreshes)
    assert (app.status_code, extension.status_code) == (200, 200)
    assert app.json["refresh_token"] == extension.json["refresh_token"]
    alice.keeps(app.json)
    alice.get("/v1/me")
