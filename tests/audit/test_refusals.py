"""What is refused becomes an entry: at the door, whoever is tried, and of rights that somebody does not have."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from base import clock
from people.audit.entries import NOBODYS, SAME_LOOK
from tests.stories.audit import acts, everything, kept, log_of, own_log, the_entry
from tests.stories.guessing import WRONG, guesses_from, tries_from
from tests.stories.passwords import changes_password, redeems, tries_to_sign_in
from tests.stories.statements import statements
from tests.world import PASSWORD, Organisation, Phone, World

ALICE, NOBODY = "alice@example.com", "nobody@example.com"


def test_a_failed_sign_in_names_the_account_and_nobody_who_did_it(org: Organisation) -> None:
    alice = org.person("Alice")
    tries_from(org, "203.0.113.7", ALICE)
    told = the_entry(org, action="sign_in", result="refused")
    assert (told["code"], told["actor_id"], told["person_id"]) == ("sign_in_refused", None, alice.id)
    assert told["address"] == "203.0.113.7"
    mine = own_log(alice)[0]
    assert (mine["code"], mine["address"]) == ("sign_in_refused", "203.0.113.7"), "she has to know from where"


def test_a_name_that_is_nobodys_is_in_the_log_of_the_organisation_that_was_named(org: Organisation) -> None:
    tries_to_sign_in(org, NOBODY)
    told = the_entry(org, action="sign_in", result="refused")
    assert (told["person_id"], told["code"]) == (None, "sign_in_refused")
    assert NOBODY not in everything(org.world, org.id), "what was typed may be a password"


def test_an_organisation_that_is_not_there_is_in_nobodys_log(world: World, org: Organisation) -> None:
    before = len(kept(world, NOBODYS))
    elsewhere = Organisation(world, uuid4(), f"no-such-{uuid4().hex}")
    assert tries_to_sign_in(elsewhere, ALICE).status_code == 401
    assert len(kept(world, NOBODYS)) == before + 1
    assert log_of(org, result="refused") == []


def test_a_refusal_at_the_door_costs_the_same_whoever_is_tried(world: World, org: Organisation) -> None:
    org.person("Alice")
    nowhere = Organisation(world, uuid4(), f"no-such-{uuid4().hex}")
    taken: list[list[str]] = []
    for where, email in ((org, ALICE), (org, NOBODY), (nowhere, ALICE)):
        tries_from(where, "198.51.100.1", email)  # the buckets are begun
        with statements(world.web.engine) as asked:
            tries_from(where, "198.51.100.1", email)
        taken.append([statement for statement, _ in asked])
    known, nobodys, nowheres = taken
    assert known == nobodys == nowheres
    assert any("audit_entries" in statement for statement in known)
    assert any("outbox" in statement for statement in known)


def test_who_is_not_heard_any_more_writes_nothing(org: Organisation) -> None:
    org.person("Alice")
    answers = guesses_from(org, "203.0.113.8", ALICE, 14)
    assert answers.count(429) == 4
    assert len(log_of(org, action="sign_in", result="refused")) == 10


def test_a_wrong_code_for_a_new_password_and_a_wrong_password_are_there(org: Organisation) -> None:
    alice = org.person("Alice")
    redeems(org, ALICE, "WRONGWRONGWRONG2", status=422)
    changes_password(alice, WRONG, "a stable for three horses", 403)
    refused = log_of(org, person_id=alice.id, result="refused")
    assert acts(refused) == [("change_password", "password_refused"), ("reset_password", "reset_refused")]
    assert [entry["actor_id"] for entry in refused] == [alice.id, None]


def test_a_stolen_refresh_token_is_there(org: Organisation) -> None:
    alice = org.person("Alice")
    used = alice.tokens["refresh_token"]
    alice.keeps(alice.post("/v1/sessions/refresh", {"refresh_token": used}))
    assert log_of(org, action="refresh_session") == [], "what phones do all day is nobody's to keep"
    alice.post("/v1/sessions/refresh", {"refresh_token": used}, 401)
    alice.post("/v1/sessions/refresh", {"refresh_token": "nobody has this refresh token"}, 401)
    told = the_entry(org, action="refresh_session")
    assert (told["code"], told["person_name"], told["session_id"]) == (
        "refresh_refused",
        "Alice",
        alice.session_id,
    )


def test_a_right_that_somebody_does_not_have_is_told_once_in_a_while(
    org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = org.site()
    bob = org.person("Bob", scopes=[site])
    for _ in range(3):
        bob.get(f"/v1/admin/sites/{site}", 403)
        bob.get("/v1/admin/audit", 403)
    refused = log_of(org, actor_id=bob.id, result="refused")
    assert acts(refused) == [("search_audit", "forbidden"), ("read_site", "forbidden")]
    assert [entry["subject_id"] for entry in refused] == [None, site]
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + SAME_LOOK + timedelta(seconds=1))
    bob.get(f"/v1/admin/sites/{site}", 403)
    assert len(log_of(org, actor_id=bob.id, result="refused")) == 3


def test_what_is_not_there_and_what_is_elsewhere_leave_nothing(world: World, org: Organisation) -> None:
    theirs = world.organisation()
    site = theirs.site()
    before = len(kept(world, org.id)), len(kept(world, theirs.id))
    for unknown in (site, str(uuid4())):
        org.admin.get(f"/v1/admin/sites/{unknown}", 404)
        org.admin.delete(f"/v1/admin/sites/{unknown}", 404, If_Match="*")
    assert (len(kept(world, org.id)), len(kept(world, theirs.id))) == before


def test_what_a_phone_is_told_of_where_one_is_leaves_nothing(org: Organisation) -> None:
    site = org.site(admission="present")
    bob = org.person("Bob", consents=False)
    assert bob.posts(site, "I am not there", 403)["code"] == "not_a_member"
    assert acts(log_of(org, person_id=bob.id)) == [("accept_invitation", None)]
    assert log_of(org, actor_id=bob.id, result="refused") == []


def test_nobody_without_a_good_token_writes_anything(world: World, org: Organisation) -> None:
    before = len(kept(world, org.id)), len(kept(world, NOBODYS))
    stranger = Phone(org, "Stranger")
    stranger.tokens = {"access_token": "not.a.token"}
    stranger.get("/v1/admin/audit", 401)
    org.admin.tokens = {**org.admin.tokens, "access_token": org.admin.tokens["access_token"][:-4]}
    org.admin.get("/v1/admin/audit", 401)
    assert (len(kept(world, org.id)), len(kept(world, NOBODYS))) == before


def test_a_refusal_is_one_also_where_it_cannot_be_written_down(fresh_world: World) -> None:
    org = fresh_world.organisation()
    bob = org.person("Bob")
    with fresh_world.owner() as connection:
        connection.execute(text("ALTER TABLE audit_entries RENAME TO away"))
    bob.get("/v1/admin/people", 403)
    assert tries_to_sign_in(org, NOBODY).status_code == 401
    assert org.admin.request("DELETE", f"/v1/admin/people/{bob.id}").status_code == 500, (
        "no act without its entry"
    )
    with fresh_world.owner() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO audit_entries"))
    assert org.admin.get(f"/v1/admin/people/{bob.id}")["ended_at"] is None
    assert tries_to_sign_in(org, "bob@example.com", PASSWORD).status_code == 201


@pytest.mark.parametrize("said", ["", "unknown, 10.0.0.1", "fe80::1%eth0", "x" * 300])
def test_an_address_that_is_none_is_no_fault(org: Organisation, said: str) -> None:
    tries_from(org, said, NOBODY)
    told = the_entry(org, action="sign_in", result="refused")
    assert told["address"] in (None, "fe80::1")
