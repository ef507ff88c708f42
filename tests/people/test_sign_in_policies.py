"""What an organisation asks of those who sign in: of everyone, and of some more; and that nobody is shut out by it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from base import clock
from people.accounts.sign_in_policy import reset_policy
from people.models import Identifier, SignedInSession
from people.sign_in.opening import open_session
from people.sign_in.policies import ROLES, FactorRefused, NetworkRefused, check_networks
from people.sign_in.ways import Factor, Way
from tests.stories.checkins import code, marker
from tests.stories.passwords import can_sign_in
from tests.stories.scopes import manager
from tests.stories.second_factors import (
    Authenticator,
    asks_from,
    begins,
    comes_in,
    goes_on,
    grows_old,
    sets_up,
)
from tests.stories.sign_in_policies import PATH, asks_of, holds, rule, writes
from tests.stories.statements import statements
from tests.stories.twins import twins
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, Phone, World

ALICE, ADA = "alice@example.com", "admin@example.com"
HOME, ABROAD = "127.0.0.1", "198.51.100.7"
AT_HOME = {"networks": ["127.0.0.0/8"]}


def refreshed(phone: Phone, address: str = HOME) -> Any:
    body = {"refresh_token": phone.tokens["refresh_token"]}
    answer = asks_from(phone, address, "POST", "/v1/sessions/refresh", body)
    if answer.status_code == 200:
        phone.keeps(answer.get_json())
    return answer


def enrols(org: Organisation, email: str) -> Phone:
    """Somebody who has no second factor, and is asked for one as they sign in."""
    phone = Phone(org, "Somebody")
    refusal = begins(org, email, phone).get_json()
    assert (refusal["code"], refusal["factors"]) == ("enrolment_required", ["totp"])
    named = {"challenge": refusal["challenge"], "installation_id": phone.app["installation_id"]}
    app = Authenticator(phone.post("/v1/sessions/enrolment", named)["secret"])
    again = phone.post("/v1/sessions/enrolment", named)
    assert again["secret"] == app.secret, "the answer may be lost"
    assert goes_on(phone, named["challenge"], totp=app.never_shows()).status_code == 403
    opened = goes_on(phone, named["challenge"], totp=app.shows())
    assert opened.status_code == 201
    phone.keeps(opened.get_json())
    assert len(phone.tokens["recovery_codes"]) == 10
    comes_in(org, email, app)
    return phone


def test_nothing_is_asked_for_at_first(org: Organisation) -> None:
    answer = org.admin.request("GET", PATH)
    nobody = dict.fromkeys(ROLES)
    assert answer.get_json() == {"everyone": rule(), "roles": nobody, "registration": None}
    assert answer.headers["ETag"] == '"0"'


def test_a_policy_reads_as_it_was_written_and_edits_name_their_version(org: Organisation) -> None:
    body = {
        "everyone": rule(
            factors=["password"], session_seconds=3_600, networks=["127.0.0.1", "2001:DB8::/32"]
        ),
        "roles": {"member": rule(networks=["127.0.0.5/8"])},
        "registration": {"domains": ["Example.COM", "Bücher.example"], "approval": False},
    }
    first = writes(org, body, '"0"')
    assert (first.status_code, first.headers["ETag"]) == (200, '"1"')
    kept = org.admin.get(PATH)
    assert kept == first.get_json()
    assert kept["everyone"]["networks"] == ["127.0.0.1/32", "2001:db8::/32"]
    assert kept["roles"]["member"]["networks"] == ["127.0.0.0/8"]
    assert kept["registration"] == {"domains": ["example.com", "xn--bcher-kva.example"], "approval": False}
    assert writes(org, body, '"0"').get_json()["code"] == "stale"
    assert org.admin.request("PUT", PATH, body).get_json()["code"] == "precondition_missing"
    holds(org)
    assert org.admin.get(PATH)["registration"] is None


def test_a_repeat_is_done_once(org: Organisation) -> None:
    body = {"everyone": rule(session_seconds=3_600), "roles": {}}
    for _ in range(2):
        answer = org.admin.request("PUT", PATH, body, If_Match='"0"', Idempotency_Key="policy-1")
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')


def test_of_two_who_write_at_once_one_is_stale(world: World, org: Organisation) -> None:
    other = org.person("Bea", role="organisation_administrator")
    one, two = (
        lambda who=who: who.request("PUT", PATH, {"everyone": rule(), "roles": {}}, If_Match='"0"')
        for who in (org.admin, other)
    )
    assert sorted(answer.status_code for answer in twins(world, one, two)) == [200, 412]


@pytest.mark.parametrize(
    "everyone",
    [
        {"factors": []},
        {"factors": ["gate"]},
        {"factors": ["password"] * 5},
        {"session_seconds": 299},
        {"session_seconds": "3600"},
        {"networks": []},
        {"networks": ["everywhere"]},
        {"networks": ["127.0.0.1/33"]},
        {"networks": ["127.0.0.1"] * 51},
        {"second_factor": "perhaps"},
        {"more": 1},
    ],
)
def test_a_rule_that_is_none_is_refused(org: Organisation, everyone: dict[str, Any]) -> None:
    assert asks_of(org, everyone).status_code == 422
    assert org.admin.request("GET", PATH).headers["ETag"] == '"0"'


@pytest.mark.parametrize(
    "domain", ["", "example", "a b.example", "@example.com", "-a.example", "x" * 300, "a..b"]
)
def test_a_domain_that_is_none_is_refused(org: Organisation, domain: str) -> None:
    body = {"everyone": rule(), "roles": {}, "registration": {"domains": [domain]}}
    assert writes(org, body).status_code == 422


def test_members_neither_read_nor_write_it_and_writing_takes_a_fresh_proof(org: Organisation) -> None:
    bob = org.person("Bob")
    body = {"everyone": rule(), "roles": {}}
    bob.get(PATH, 403)
    assert bob.request("PUT", PATH, body, If_Match="*").status_code == 403
    grows_old(org.admin)
    assert writes(org, body).get_json()["code"] == "step_up_required"


def test_one_organisations_policy_is_not_anothers(world: World, org: Organisation) -> None:
    other = world.organisation()
    holds(org, organisation_administrator={"second_factor": True})
    assert other.admin.get(PATH)["roles"]["organisation_administrator"] is None
    assert can_sign_in(other, ADA)
    assert not can_sign_in(org, ADA)


def test_who_lacks_a_second_factor_sets_one_up_while_signing_in(org: Organisation) -> None:
    org.person("Alice")
    holds(org, {"second_factor": True})
    phone = enrols(org, ALICE)
    assert phone.get("/v1/me/sessions")["items"][1]["factors"] == ["password", "totp"]
    assert phone.get("/v1/me/totp")["recovery_codes_left"] == 10


def test_a_challenge_to_enrol_shows_nothing_to_who_has_an_app(org: Organisation) -> None:
    alice, phone = org.person("Alice"), Phone(org, "Thief")
    holds(org, {"second_factor": True})
    refusal = begins(org, ALICE, phone).get_json()
    named = {"challenge": refusal["challenge"], "installation_id": phone.app["installation_id"]}
    thiefs = Authenticator(phone.post("/v1/sessions/enrolment", named)["secret"])
    app = sets_up(alice)
    assert goes_on(phone, named["challenge"], totp=thiefs.shows()).get_json()["code"] == "challenge_refused"
    other = Phone(org, "Thief")
    second = begins(org, ALICE, other).get_json()
    assert second["code"] == "second_factor_required"
    named = {"challenge": second["challenge"], "installation_id": other.app["installation_id"]}
    assert other.post("/v1/sessions/enrolment", named, 401)["code"] == "challenge_refused"
    comes_in(org, ALICE, app)


def test_a_second_factor_that_is_asked_for_is_kept(org: Organisation) -> None:
    alice = org.person("Alice")
    sets_up(alice)
    holds(org, {"second_factor": True})
    assert alice.delete("/v1/me/totp", 409)["code"] == "second_factor_kept"
    sets_up(alice)


def test_sessions_of_one_factor_end_as_they_are_refreshed(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    with_app = comes_in(org, ALICE, sets_up(alice))
    holds(org, {"second_factor": True})
    bob.get("/v1/me")
    assert refreshed(bob).get_json()["code"] == "refresh_refused"
    bob.get("/v1/me", 401)
    assert refreshed(with_app).status_code == 200


def test_who_is_invited_sets_one_up_too_and_has_the_account(org: Organisation) -> None:
    holds(org, {"second_factor": True})
    made = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)
    phone = Phone(org, "Alice")
    body = {"email": ALICE, "name": "Alice", "password": PASSWORD, "code": made["code"], "device": phone.app}
    refusal = phone.post("/v1/invitations/accept", body, 401)
    assert refusal["code"] == "enrolment_required"
    enrols(org, ALICE)


def test_a_visitor_at_the_gate_is_let_in_all_the_same(org: Organisation) -> None:
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    holds(org, {"second_factor": True, "factors": ["password"]})
    vera = comes_as_visitor(org, code(org, gate))
    assert refreshed(vera).status_code == 200


def test_a_way_that_is_not_allowed_lets_nobody_in(org: Organisation) -> None:
    alice = org.person("Alice")
    holds(org, member={"factors": ["passkey"]})
    refusal = begins(org, ALICE, Phone(org, "Alice"))
    assert (refusal.status_code, refusal.get_json()["code"]) == (403, "factor_refused")
    assert refusal.get_json()["factors"] == ["passkey"]
    assert can_sign_in(org, ADA)
    alice.get("/v1/me")


def test_a_pin_on_a_tablet_is_asked_for_nothing_more_and_proves_little(
    world: World, org: Organisation
) -> None:
    alice = org.person("Alice")
    sets_up(alice)
    world.relays()
    position = alice.get("/v1/me")["position"]
    tablet = opens_by_pin(world, org, alice)
    assert tablet.post("/v1/me/totp", None, 403)["code"] == "step_up_required"
    assert [event["type"] for event in alice.syncs(position)] == []
    holds(org, {"second_factor": True})
    with pytest.raises(FactorRefused) as refused:
        opens_by_pin(world, org, alice)
    assert refused.value.extra == {"factors": ["password", "one_time_code", "passkey"]}
    assert refreshed(tablet).get_json()["code"] == "refresh_refused"


def opens_by_pin(world: World, org: Organisation, person: Phone) -> Phone:
    tablet, maker = Phone(org, "Tablet"), world.app.extensions["hereabouts"].tokens
    with world.web.transaction(org.id) as session:
        way = Way((Factor.PIN,), HOME)
        tokens, _ = open_session(session, maker, 600, org.id, UUID(person.id), tablet.app, way)
    tablet.keeps(tokens.wire())
    return tablet


def test_a_manager_is_held_to_both_rules(org: Organisation) -> None:
    site = org.site(admission="assigned")
    manager(org, "Mia", site)
    org.person("Bob", scopes=[site])
    holds(org, {"session_seconds": 7_200}, manager={"second_factor": True, "session_seconds": 86_400})
    assert begins(org, "mia@example.com", Phone(org, "Mia")).get_json()["code"] == "enrolment_required"
    bob = org.signs_in("bob@example.com", "Bob")
    mia = enrols(org, "mia@example.com")
    for phone in (bob, mia):
        assert lasts(phone) <= 7_200


def test_a_session_lasts_as_long_as_the_policy_says(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    old = org.signs_in(ALICE, "Alice")
    with world.worker.transaction() as session:
        one = update(SignedInSession).where(SignedInSession.id == UUID(old.session_id))
        session.execute(one.values(created_at=clock.now() - timedelta(hours=2)))
    holds(org, {"session_seconds": 3_600})
    assert refreshed(old).get_json()["code"] == "refresh_refused"
    assert refreshed(alice).status_code == 200
    assert lasts(alice) <= 3_600
    assert lasts(org.signs_in(ALICE, "Alice")) <= 3_600


def lasts(phone: Phone) -> float:
    """How many seconds a session has left."""
    with phone.organisation.world.worker.transaction() as session:
        ends = session.get_one(SignedInSession, UUID(phone.session_id)).expires_at
        return (ends - clock.now()).total_seconds()


def test_from_elsewhere_nothing_is_answered_and_at_home_it_goes_on(org: Organisation) -> None:
    alice = org.person("Alice")
    holds(org, member=AT_HOME)
    answer = asks_from(alice, ABROAD, "GET", "/v1/me")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "network_refused")
    assert asks_from(alice, ABROAD, "DELETE", "/v1/me/sessions").status_code == 403
    assert refreshed(alice, ABROAD).get_json()["code"] == "network_refused"
    assert asks_from(alice, HOME, "GET", "/v1/me").status_code == 200
    assert refreshed(alice).status_code == 200, "the token was not used up abroad"
    assert asks_from(org.admin, ABROAD, "GET", "/v1/me").status_code == 200


def test_nobody_signs_in_from_elsewhere(org: Organisation) -> None:
    phone = org.person("Alice")
    holds(org, member=AT_HOME)
    body = {"organisation": org.slug, "email": ALICE, "password": PASSWORD, "device": Phone(org, "A").app}
    assert asks_from(phone, ABROAD, "POST", "/v1/sessions", body).get_json()["code"] == "network_refused"
    wrong = {**body, "password": "not hers"}
    assert asks_from(phone, ABROAD, "POST", "/v1/sessions", wrong).get_json()["code"] == "sign_in_refused"
    assert asks_from(phone, HOME, "POST", "/v1/sessions", body).status_code == 201


def test_networks_of_managers_hold_for_those_who_manage_now(org: Organisation) -> None:
    site = org.site(admission="assigned")
    mia, bob = manager(org, "Mia", site), org.person("Bob", scopes=[site])
    holds(org, manager=AT_HOME)
    assert asks_from(mia, ABROAD, "GET", "/v1/me").status_code == 403
    assert asks_from(bob, ABROAD, "GET", "/v1/me").status_code == 200
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{mia.id}", {"role": "member"})
    assert asks_from(mia, ABROAD, "GET", "/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("2001:db8::7", True),
        ("fe80::1%eth0", False),
        ("128.0.0.1", False),
        ("", False),
        (None, False),
        ("nonsense", False),
    ],
)
def test_which_addresses_are_of_a_network(address: str | None, is_in: bool) -> None:
    networks = [["127.0.0.0/8", "2001:db8::/32"]]
    check_networks([], address)
    if is_in:
        check_networks(networks, address)
    else:
        with pytest.raises(NetworkRefused):
            check_networks(networks, address)


def test_no_policy_is_taken_that_shuts_out_all_administrators(world: World, org: Organisation) -> None:
    for everyone, missing in (
        ({"factors": ["passkey"]}, ["factors"]),
        ({"factors": ["pin"]}, ["factors"]),
        ({"factors": ["one_time_code"]}, ["factors"]),
        ({"networks": ["198.51.100.0/24"]}, ["networks"]),
        ({"factors": ["pin"], "networks": ["198.51.100.0/24"]}, ["factors", "networks"]),
    ):
        refusal = asks_of(org, everyone)
        assert (refusal.status_code, refusal.get_json()["code"]) == (409, "policy_locks_out")
        assert refusal.get_json()["missing"] == missing
    assert org.admin.request("GET", PATH).headers["ETag"] == '"0"'
    assert can_sign_in(org, ADA)
    holds(org, {"second_factor": True})
    enrols(org, ADA)


def test_one_administrator_who_can_come_in_is_enough(world: World, org: Organisation) -> None:
    bea = org.person("Bea", role="organisation_administrator")
    body = {"everyone": rule(networks=["198.51.100.0/24"]), "roles": {}}
    client = org.world.app.test_client()
    signs_in = {"organisation": org.slug, "email": "bea@example.com", "password": PASSWORD, "device": bea.app}
    client.post("/v1/sessions", json=signs_in, environ_base={"REMOTE_ADDR": ABROAD})
    assert writes(org, body).status_code == 200


def test_a_one_time_code_counts_where_it_reaches_somebody(world: World, org: Organisation) -> None:
    with world.worker.transaction() as session:
        hers = update(Identifier).where(Identifier.person_id == UUID(org.admin.id), Identifier.value == ADA)
        session.execute(hers.values(verified_at=clock.now()))
    holds(org, {"factors": ["one_time_code"]})


def test_who_asks_is_known_after_two_statements_whatever_the_policy(world: World, org: Organisation) -> None:
    site = org.site(admission="assigned")
    mia = manager(org, "Mia", site)
    for everyone, managers in (({}, {}), (AT_HOME, AT_HOME)):
        holds(org, everyone, manager=managers)
        with statements(world.web.engine) as asked:
            mia.get("/v1/me/totp")
        assert len([statement for statement, _ in asked if "FROM sessions" in statement]) == 1
        assert len(asked) == 4, "two find out who asks, and two answer"


def test_an_operator_lets_them_in_again(world: World, org: Organisation) -> None:
    holds(org, {"second_factor": True, "networks": ["127.0.0.0/8"]})
    assert asks_from(org.admin, ABROAD, "GET", "/v1/me").status_code == 403
    with world.worker.transaction() as session:
        reset_policy(session, org.slug)
    assert can_sign_in(org, ADA)
    assert asks_from(org.admin, ABROAD, "GET", "/v1/me").status_code == 200
    answer = org.admin.request("GET", PATH)
    assert (answer.get_json()["everyone"], answer.headers["ETag"]) == (rule(), '"2"')
