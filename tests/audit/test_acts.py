"""What is done becomes an entry: who, what, to whom, from where, and how it was before and after."""

from typing import Any

import pytest

from api.kept import Keep
from api.resources import DECLARATIONS
from api.route import Declaration
from people.permissions import Permission
from tests.api.operations import APP
from tests.stories.audit import acts, everything, kept, log_of, own_log, the_entry
from tests.stories.charters import promises
from tests.stories.checkins import code, marker
from tests.stories.passwords import NEW, changes_address, changes_password, redeems, reset_code
from tests.stories.scopes import manager
from tests.world import PASSWORD, Organisation, Phone

ALL: dict[str, Declaration] = APP.extensions[DECLARATIONS]


def test_an_entry_says_who_did_what_to_whom_from_where(org: Organisation) -> None:
    alice = org.person("Alice")
    alice_id, me = alice.id, org.admin.get("/v1/me")
    org.admin.request("DELETE", f"/v1/admin/people/{alice_id}", User_Agent="Console 3")
    told = the_entry(org, action="end_person")
    assert (told["actor_id"], told["actor_name"]) == (me["person"]["id"], "Ada")
    assert (told["person_id"], told["person_name"]) == (alice_id, "Alice")
    assert (told["result"], told["code"]) == ("done", None)
    assert (told["address"], told["agent"]) == ("127.0.0.1", "Console 3")
    assert (told["device_id"], told["session_id"]) == (me["device"]["id"], me["session_id"])
    assert told["before"] == {"role": "member"}
    assert told["after"]["ended_at"] is not None


def test_what_was_changed_is_told_as_it_was_and_as_it_is(org: Organisation) -> None:
    bob, site = org.person("Bob"), org.site()
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {"role": "member"})
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {"role": "manager"})
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    given, changed, taken = reversed(log_of(org, person_id=bob.id, subject_id=site))
    assert (given["before"], given["after"]["role"]) == (None, "member")
    assert (changed["before"]["role"], changed["after"]["role"]) == ("member", "manager")
    assert (taken["before"]["role"], taken["after"]) == ("manager", None)
    assert {entry["subject_kind"] for entry in (given, changed, taken)} == {"scope"}


def test_rules_are_told_as_they_were_and_as_they_are(org: Organisation) -> None:
    site = org.site()
    org.admin.put("/v1/admin/privacy", {"consent_required": False})
    promises(org, site, smallest_group=9)
    edit = {"type": "Feature", "properties": {"name": "Secret lab", "occupancy_limit": 40}}
    org.admin.patch(f"/v1/admin/sites/{site}", edit, If_Match="*")
    org.admin.patch(f"/v1/admin/scopes/{site}", {"push_content": "full"})
    privacy, charter, place, scope = (
        (entry["before"], entry["after"])
        for entry in (
            the_entry(org, action=action)
            for action in ("write_privacy_rules", "write_charter", "edit_site", "edit_scope")
        )
    )
    assert [rules["consent_required"] for rules in privacy] == [True, False]
    assert [rules["smallest_group"] for rules in charter] == [5, 9]
    assert [rules["occupancy_limit"] for rules in place] == [None, 40]
    assert [rules["push_content"] for rules in scope] == [None, "full"]
    assert "Secret lab" not in everything(org.world, org.id)


def test_what_is_made_is_the_subject(org: Organisation) -> None:
    site = org.site()
    zone = org.zone(site)
    told = the_entry(org, action="create_zone")
    assert (told["subject_kind"], told["subject_id"]) == ("zone", zone)
    assert told["after"] == {"site_id": site}


def test_signing_in_and_out_and_a_new_name_leave_traces(org: Organisation) -> None:
    alice = org.person("Alice")
    phone = org.signs_in("alice@example.com", "Alice")
    phone.patch("/v1/me", {"name": "Chief of police"})
    phone.patch("/v1/me", {"locale": "ko"})
    changes_password(phone, PASSWORD, NEW)
    changes_address(phone, "chief@example.com", NEW)
    phone.delete("/v1/sessions/current")
    done = log_of(org, person_id=alice_id_of(org))
    assert [action for action, _ in acts(done)] == [
        "sign_out",
        "change_own_address",
        "change_password",
        "edit_me",
        "sign_in",
        "accept_invitation",
    ]
    assert {entry["actor_id"] for entry in done} == {done[0]["person_id"]}
    renamed = done[3]
    assert (renamed["before"], renamed["after"]) == ({"name": "Alice"}, {"name": "Chief of police"})
    assert done[4]["session_id"] == phone.session_id
    assert alice.request("GET", "/v1/me").status_code == 401  # the other session has ended with the password


def alice_id_of(org: Organisation) -> str:
    """The one member's id."""
    (found,) = (one for one in org.admin.get("/v1/admin/people")["items"] if one["name"] != "Ada")
    return found["id"]


def test_a_code_that_is_shown_leaves_one_trace_for_a_screen_that_asks_all_day(org: Organisation) -> None:
    site = org.site()
    door = marker(org, site)
    for _ in range(3):
        code(org, door)
    org.admin.get(f"/v1/admin/markers/{door}/code.svg")
    told = log_of(org, subject_id=door)
    assert [action for action, _ in acts(told)] == ["draw_code", "read_code", "add_marker"]


def test_a_manager_who_deletes_anothers_words_leaves_a_trace_and_the_author_does_not(
    org: Organisation,
) -> None:
    site = org.site()
    bob, mia = org.person("Bob", scopes=[site]), manager(org, "Mia", site)
    own, others = (bob.posts(site, words)["id"] for words in ("mine", "Bad words"))
    bob.delete(f"/v1/posts/{own}")
    mia.delete(f"/v1/posts/{others}")
    told = the_entry(org, action="delete_post")
    assert (told["actor_name"], told["person_name"], told["subject_id"]) == ("Mia", "Bob", others)
    assert "Bad words" not in everything(org.world, org.id)


def test_what_is_asked_twice_with_one_key_is_one_entry(org: Organisation) -> None:
    body = {"role": "member", "scope_ids": []}
    for _ in range(2):
        org.admin.post("/v1/admin/invitations", body, 201, Idempotency_Key="the same request")
    made = the_entry(org, action="create_invitation")
    assert made["after"]["role"] == "member"


def test_no_secret_is_in_the_log(org: Organisation) -> None:
    alice = org.person("Alice")
    shown = code(org, marker(org, org.site()))
    reset = reset_code(org.admin, alice.id)
    redeems(org, "alice@example.com", reset)
    invited = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)["code"]
    tokens = org.signs_in("admin@example.com", "Ada").tokens
    said = everything(org.world, org.id)
    secrets = (PASSWORD, NEW, reset, invited, shown, tokens["access_token"], tokens["refresh_token"])
    assert [secret for secret in secrets if secret in said] == []
    assert ("reset_password", None) in acts(log_of(org, person_id=alice_id_of(org)))


def test_an_act_that_fails_leaves_no_entry_of_its_being_done(org: Organisation) -> None:
    ada = org.admin.get("/v1/me")["person"]["id"]
    org.admin.delete(f"/v1/admin/people/{ada}", 409)
    assert acts(log_of(org, action="end_person")) == [("end_person", "last_administrator")]
    org.admin.post("/v1/admin/invitations", {"role": "king"}, 422)
    assert log_of(org, action="create_invitation") == []


def test_who_is_looked_at_in_a_place_is_named_to_them_and_not_in_the_log(org: Organisation) -> None:
    site = org.site()
    bob = org.person("Bob", scopes=[site])
    bob_id = bob.id
    org.admin.post(f"/v1/admin/places/{site}/visits", {"person_id": bob_id}, 201)
    for _ in range(2):
        org.admin.get(f"/v1/admin/sites/{site}/present?reason=Where%20is%20Bob")
    org.admin.delete(f"/v1/admin/places/{site}/visits/{bob_id}")
    called = org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "Fire"}, 201)["id"]
    org.admin.get(f"/v1/musters/{called}/entries")
    org.admin.put(f"/v1/musters/{called}/entries/{bob_id}", {"status": "safe"})
    looks = [
        entry for entry in kept(org.world, org.id) if entry.action not in ("accept_invitation", "sign_in")
    ]
    assert [entry.action for entry in looks] == [
        "create_site",
        "create_invitation",
        "check_person_in",
        "list_present_in_site",
        "check_person_out",
        "start_muster",
        "list_muster_entries",
        "mark_muster_entry",
    ]
    assert {entry.person_id for entry in looks[2:]} == {None}
    after_him = everything(org.world, org.id).count(bob_id)
    assert after_him == everything_of_his_own(org, bob_id), "his own coming in, and nothing else, names him"
    assert "Where is Bob" in {view["reason"] for view in bob.get("/v1/me/presence-views")["items"]}


def everything_of_his_own(org: Organisation, person_id: str) -> int:
    """How often what the log keeps of somebody's own acts names them, in the table and in the chain."""
    own = [entry for entry in kept(org.world, org.id) if str(entry.actor_id) == person_id]
    return 4 * len(own)  # as actor and as the person, in both


def test_people_read_what_was_done_about_them_and_not_from_where(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    org.admin.put(f"/v1/admin/people/{alice.id}/email", {"email": "new@example.com"})
    changed, came = own_log(alice)
    assert (changed["action"], changed["actor_name"]) == ("change_address", "Ada")
    assert (changed["before"], changed["after"]) == (
        {"email": "alice@example.com"},
        {"email": "new@example.com"},
    )
    assert [changed[name] for name in ("address", "device_id", "session_id", "agent")] == [None] * 4
    assert (came["action"], came["address"]) == ("accept_invitation", "127.0.0.1")
    assert acts(own_log(bob)) == [("accept_invitation", None)]


def test_whoever_looks_somebody_up_in_the_log_is_seen_by_them(org: Organisation) -> None:
    alice = org.person("Alice")
    alice_id = alice.id
    log_of(org, person_id=alice_id)
    looked, _ = own_log(alice)
    assert (looked["action"], looked["actor_name"]) == ("search_audit", "Ada")
    assert looked["after"] == {"person_id": alice_id}


def test_every_administrative_act_is_kept() -> None:
    of_everybody = {
        Permission.ACCOUNT_USE,
        Permission.SCOPES_JOIN,
        Permission.POSTS_READ,
        Permission.POSTS_WRITE,
    }
    writing = {name: each for name, each in ALL.items() if each.method != "GET" and not each.public}
    unkept = {
        name.rpartition(".")[2]
        for name, each in writing.items()
        if each.permission not in of_everybody and each.kept is Keep.NOTHING
    }
    assert unkept == {"check_draft", "rehearse_draft"}, "advice, which changes nothing"


def test_every_way_into_a_session_is_kept() -> None:
    opened = [each for each in ALL.values() if each.public and "Tokens" in str(each.answer)]
    assert opened
    assert {each.kept for each in opened if each.path != "/sessions/refresh"} == {Keep.EACH}


@pytest.mark.parametrize("agent", ["x" * 5_000, "a\tb\x1b[31m", "‮evil", ""])
def test_what_a_program_calls_itself_is_kept_short_and_plain(org: Organisation, agent: str) -> None:
    phone = Phone(org, "Ada")
    body: dict[str, Any] = {"organisation": org.slug, "email": "admin@example.com", "password": PASSWORD}
    phone.post(
        "/v1/sessions", {**body, "device": phone.app}, 201, User_Agent=agent.encode().decode("latin-1")
    )
    (told,) = (entry for entry in kept(org.world, org.id)[-1:])
    assert len(told.agent or "") <= 200
    assert not set(told.agent or "") & set("\t\x1b‮")
