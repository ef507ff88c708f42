"""Signing in, refreshing, signing out; and what thieves get."""

from people.sign_in.throttle import ALLOWED
from tests.world import PASSWORD, Organisation, Phone, World


def refreshed(phone: Phone, token: str, status: int = 200, **headers: str) -> dict[str, str]:
    return phone.post("/v1/sessions/refresh", {"refresh_token": token}, status, **headers)


def attempt(org: Organisation, password: str, email: str = "admin@example.com") -> int:
    phone = Phone(org, "Somebody")
    body = {"organisation": org.slug, "email": email, "password": password, "device": phone.app}
    return phone.request("POST", "/v1/sessions", body).status_code


def test_a_wrong_password_and_an_unknown_account_are_refused_alike(world: World) -> None:
    org = world.organisation()
    assert attempt(org, "wrong password") == attempt(org, PASSWORD, "nobody@example.com") == 401


def test_guessing_is_slowed_and_a_right_password_does_not_help_then(world: World) -> None:
    org = world.organisation()
    assert [attempt(org, "guess") for _ in range(ALLOWED)] == [401] * ALLOWED
    assert attempt(org, PASSWORD) == 429
    assert attempt(org, PASSWORD, "other@example.com") == 401


def test_me_tells_what_an_app_needs_at_its_start(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    alice = org.person("Alice", scopes=[site])
    me = alice.get("/v1/me")
    assert me["person"]["name"] == "Alice"
    assert [(m["scope_id"], m["source"]) for m in me["memberships"]] == [(site, "assigned")]
    assert me["permissions"] == ["me:account:use"]


def test_a_refresh_token_is_good_once(world: World) -> None:
    alice = world.organisation().person("Alice")
    tokens = refreshed(alice, alice.tokens["refresh_token"])
    assert tokens["refresh_token"] != alice.tokens["refresh_token"]
    alice.keeps(tokens)
    alice.get("/v1/me")


def test_a_stolen_refresh_token_ends_the_whole_family(world: World) -> None:
    alice = world.organisation().person("Alice")
    stolen = alice.tokens["refresh_token"]
    alice.keeps(refreshed(alice, stolen))
    assert refreshed(alice, stolen, 401)["code"] == "refresh_refused"
    refreshed(alice, alice.tokens["refresh_token"], 401)
    assert alice.get("/v1/me", 401)["code"] == "session_ended"


def test_a_lost_answer_can_be_asked_for_again_with_the_same_key_until_it_is_used(world: World) -> None:
    alice = world.organisation().person("Alice")
    used = alice.tokens["refresh_token"]
    first = refreshed(alice, used, Idempotency_Key="retry-0001")
    again = refreshed(alice, used, Idempotency_Key="retry-0001")
    assert first["refresh_token"] == again["refresh_token"]
    refreshed(alice, again["refresh_token"], Idempotency_Key="retry-0002")
    refreshed(alice, used, 401, Idempotency_Key="retry-0001")


def test_signing_out_ends_access_at_once(world: World) -> None:
    alice = world.organisation().person("Alice")
    alice.delete("/v1/sessions/current")
    alice.get("/v1/me", 401)
    refreshed(alice, alice.tokens["refresh_token"], 401)


def test_closing_an_account_ends_its_sessions_and_memberships(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    alice = org.person("Alice", scopes=[site])
    org.admin.delete(f"/v1/admin/people/{alice.id}")
    alice.get("/v1/me", 401)
    assert org.admin.get(f"/v1/admin/scopes/{site}/memberships")["items"] == []


def test_a_device_that_changes_hands_takes_no_push_address_along(world: World) -> None:
    org = world.organisation()
    alice, bob = org.person("Alice"), org.person("Bob")
    alice.put("/v1/me/device/push", {"kind": "token", "address": f"phone-{alice.session_id}"})
    bob.app = alice.app
    body = {"organisation": org.slug, "email": "bob@example.com", "password": PASSWORD, "device": bob.app}
    bob.keeps(bob.post("/v1/sessions", body, 201))
    assert bob.get("/v1/me")["device"]["push"]["registered"] is False
    alice.get("/v1/me", 401)


def test_a_push_address_that_turns_up_elsewhere_moves(world: World) -> None:
    alice, eve = world.organisation().person("Alice"), world.organisation().person("Eve")
    address = {"kind": "token", "address": f"moving-{alice.session_id}"}
    alice.put("/v1/me/device/push", address)
    eve.put("/v1/me/device/push", address)
    assert alice.get("/v1/me")["device"]["push"]["registered"] is False
    assert eve.get("/v1/me")["device"]["push"]["registered"] is True


def test_an_invitation_is_good_for_its_uses_only(world: World) -> None:
    org = world.organisation()
    code = org.admin.post("/v1/admin/invitations", {"uses": 1}, 201)["code"]
    account = {"name": "X", "password": PASSWORD, "code": code}
    for email, status in (("first@example.com", 201), ("second@example.com", 422)):
        phone = Phone(org, "X")
        phone.post("/v1/invitations/accept", {**account, "email": email, "device": phone.app}, status)
