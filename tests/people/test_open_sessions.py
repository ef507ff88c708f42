"""Where one is signed in: seen, and ended from elsewhere."""

import pytest

from base import ids
from tests.stories.checkins import code, marker
from tests.stories.passwords import hears_of
from tests.stories.second_factors import asks_from
from tests.stories.sessions import takes_over
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, Phone, World

ALICE = "alice@example.com"


def listed(phone: Phone, path: str = "/v1/me/sessions") -> list[str]:
    return [each["id"] for each in phone.get(path)["items"]]


def test_one_sees_where_one_is_signed_in_newest_first(org: Organisation) -> None:
    alice = org.person("Alice")
    tablet = org.signs_in(ALICE, "Alice")
    org.signs_in("admin@example.com", "Ada")
    newest, first = alice.get("/v1/me/sessions")["items"]
    assert (newest["id"], newest["current"], newest["factors"]) == (tablet.session_id, False, ["password"])
    assert (first["id"], first["current"], first["factors"]) == (alice.session_id, True, ["invitation"])
    assert newest["device"]["name"] == "Alice's phone"
    assert newest["device"]["id"] == tablet.get("/v1/me")["device"]["id"]
    assert newest["address"] == "127.0.0.1"


def test_pages_of_them_hold_each_once(org: Organisation) -> None:
    alice = org.person("Alice")
    others = [org.signs_in(ALICE, "Alice").session_id for _ in range(3)]
    first = alice.get("/v1/me/sessions?limit=2")
    second = alice.get(f"/v1/me/sessions?limit=2&cursor={first['next']}")
    seen = [each["id"] for page in (first, second) for each in page["items"]]
    assert seen == [*reversed(others), alice.session_id]


def test_a_lost_phone_is_signed_out_from_another(org: Organisation) -> None:
    alice, lost = org.person("Alice"), org.signs_in(ALICE, "Alice")
    position = alice.get("/v1/me")["position"]
    alice.delete(f"/v1/me/sessions/{lost.session_id}")
    assert lost.get("/v1/me", 401)["code"] == "session_ended"
    lost.post("/v1/sessions/refresh", {"refresh_token": lost.tokens["refresh_token"]}, 401)
    ended = [event["data"] for event in alice.syncs(position) if event["type"] == "session.ended"]
    assert [(each["session_id"], each["reason"]) for each in ended] == [(lost.session_id, "ended_elsewhere")]
    assert listed(alice) == [alice.session_id]
    alice.delete(f"/v1/me/sessions/{lost.session_id}", 404)


def test_one_may_end_the_session_that_asks(org: Organisation) -> None:
    alice = org.person("Alice")
    alice.delete(f"/v1/me/sessions/{alice.session_id}")
    alice.get("/v1/me", 401)


def test_all_others_end_at_once_and_this_one_goes_on(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    others = [org.signs_in(ALICE, "Alice") for _ in range(2)]
    alice.delete("/v1/me/sessions")
    alice.delete("/v1/me/sessions")
    for other in others:
        other.get("/v1/me", 401)
    assert listed(alice) == [alice.session_id]
    bob.get("/v1/me")


def test_nobody_ends_anothers_session_and_none_is_told_from_one_that_is_not_there(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    refusals = [alice.delete(f"/v1/me/sessions/{each}", 404) for each in (bob.session_id, ids.new_id())]
    for refusal in refusals:
        del refusal["request_id"]
    assert refusals[0] == refusals[1]
    bob.get("/v1/me")
    assert bob.session_id not in listed(alice)


def test_sessions_that_are_over_are_not_listed(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    takes_over(org, org.signs_in(ALICE, "Alice"), "Bob")
    org.signs_in(ALICE, "Alice").delete("/v1/sessions/current")
    assert listed(alice) == [alice.session_id]
    assert len(listed(bob)) == 2


def test_an_administrator_sees_and_ends_somebodys_sessions(org: Organisation) -> None:
    alice, tablet = org.person("Alice"), org.signs_in(ALICE, "Alice")
    path = f"/v1/admin/people/{alice.id}/sessions"
    seen = org.admin.get(path)["items"]
    assert [(each["id"], each["current"]) for each in seen] == [
        (tablet.session_id, False),
        (alice.session_id, False),
    ]
    org.admin.delete(f"{path}/{org.admin.session_id}", 404)
    org.admin.delete(f"{path}/{tablet.session_id}")
    tablet.get("/v1/me", 401)
    alice.get("/v1/me")
    org.admin.delete(path)
    alice.get("/v1/me", 401)
    org.admin.get("/v1/me")


def test_others_do_not(world: World, org: Organisation) -> None:
    alice, bob, eve = org.person("Alice"), org.person("Bob"), world.organisation().admin
    for method in ("GET", "DELETE"):
        assert bob.request(method, f"/v1/admin/people/{alice.id}/sessions").status_code == 403
        assert eve.request(method, f"/v1/admin/people/{alice.id}/sessions").status_code == 404
    alice.get("/v1/me")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        ("what a proxy lets callers say", None),
    ],
)
def test_the_address_is_one_or_nothing(org: Organisation, address: str, kept: str | None) -> None:
    alice = org.person("Alice")
    body = {"organisation": org.slug, "email": ALICE, "password": PASSWORD, "device": Phone(org, "A").app}
    assert asks_from(Phone(org, "Alice"), address, "POST", "/v1/sessions", body).status_code == 201
    assert alice.get("/v1/me/sessions")["items"][0]["address"] == kept


def test_a_visitor_has_one(org: Organisation) -> None:
    vera = comes_as_visitor(org, code(org, marker(org, org.site(), "printed", admits_visitors_hours=1)))
    assert [each["factors"] for each in vera.get("/v1/me/sessions")["items"]] == [["gate"]]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyIyMDI2IiwgIngiXQ"])
def test_a_cursor_that_is_none_is_refused(org: Organisation, cursor: str) -> None:
    assert org.admin.get(f"/v1/me/sessions?cursor={cursor}", 422)["code"] == "cursor_invalid"


def told_of_sign_ins(phone: Phone, position: int) -> list[str]:
    return [e["data"]["session_id"] for e in phone.syncs(position) if e["type"] == "sign_in.new_device"]


def test_one_hears_of_a_sign_in_on_a_device_that_is_new(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    position = alice.get("/v1/me")["position"]
    assert told_of_sign_ins(alice, 0) == [], "the first phone is no news"
    tablet = org.signs_in(ALICE, "Alice")
    again = Phone(org, "Alice")
    again.app = tablet.app
    body = {"organisation": org.slug, "email": ALICE, "password": PASSWORD, "device": again.app}
    again.keeps(again.post("/v1/sessions", body, 201))
    assert told_of_sign_ins(alice, position) == [tablet.session_id], "once for a device"
    assert told_of_sign_ins(bob, position) == []
    assert hears_of(alice, position) == []


def test_a_phone_that_was_anothers_is_a_new_one(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    position = alice.get("/v1/me")["position"]
    taken = takes_over(org, bob, "Alice")
    assert told_of_sign_ins(alice, position) == [taken.session_id]
