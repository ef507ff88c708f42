"""Roles that are given: what they let do, where, until when; and who may give and take them."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from base import clock, ids
from base.errors import NotFound
from people.permissions import GIVEN
from people.roles.giving import RolesExclude
from schemas.roles import GIVEN_ROLES
from tests.stories.checkins import code, marker
from tests.stories.events import head, heard
from tests.stories.musters import board, calls
from tests.stories.roles import given, gives, makes_role, names_officer, officer, takes
from tests.stories.scopes import manager
from tests.stories.statements import statements
from tests.stories.visitors import comes_as_visitor
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World


@pytest.fixture
def yard(org: Organisation) -> str:
    return org.site("Yard", admission="assigned")


@pytest.fixture
def quarry(org: Organisation) -> str:
    return org.site("Quarry", at=(127.1, 37.5), admission="assigned")


def changes(phone: Phone, since: int) -> list[tuple[str, str | None, str | None]]:
    return [
        (change["scope_id"], change["before"], change["after"])
        for change in heard(phone, "rights.changed", since)
    ]


def test_the_schema_knows_every_role_that_is_given() -> None:
    assert set(GIVEN_ROLES) == set(GIVEN)


def test_a_moderator_reads_and_moderates_there_and_nowhere_else(
    org: Organisation, yard: str, quarry: str
) -> None:
    crane = org.zone(yard, "Crane", admission="assigned")
    rude, below, elsewhere = (org.admin.posts(place, "rude") for place in (yard, crane, quarry))
    mo = org.person("Mo")
    mo.get(f"/v1/scopes/{yard}/posts", 404)
    gives(org.admin, mo, "moderator", yard)
    assert mo.reads(yard) == mo.reads(crane) == ["rude"]
    mo.delete(f"/v1/posts/{rude['id']}")
    mo.delete(f"/v1/posts/{below['id']}")
    assert mo.feed() == [], "it brings no news unasked"
    mo.posts(yard, "me, too", 403)
    mo.get(f"/v1/admin/sites/{yard}/present?reason=curious", 403)
    mo.get(f"/v1/scopes/{quarry}/posts", 404)
    mo.delete(f"/v1/posts/{elsewhere['id']}", 404)


def test_a_role_in_a_zone_says_nothing_of_its_site(org: Organisation, yard: str) -> None:
    crane, gate = org.zone(yard, "Crane", admission="assigned"), org.zone(yard, "Gate", admission="assigned")
    mo = org.person("Mo")
    gives(org.admin, mo, "moderator", crane)
    mo.get(f"/v1/scopes/{crane}/posts")
    mo.get(f"/v1/scopes/{yard}/posts", 404)
    mo.get(f"/v1/scopes/{gate}/posts", 404)


def test_a_warden_sees_who_is_there_and_runs_roll_calls(org: Organisation, yard: str, quarry: str) -> None:
    will, bob = org.person("Will"), org.person("Bob", scopes=[yard])
    gives(org.admin, will, "warden", yard)
    is_seen(org, bob, yard)
    present = will.get(f"/v1/admin/sites/{yard}/present?reason=drill")["items"]
    assert [line["person"]["name"] for line in present] == ["Bob"]
    assert [site["id"] for site in will.get("/v1/admin/sites")["items"]] == [yard]
    since = head(will)
    muster = calls(will, yard)
    assert list(board(will, muster)) == ["Bob"]
    assert heard(will, "muster.updated", since), "the board comes live"
    assert will.get(f"/v1/scopes/{yard}/posts", 403)["code"] == "not_a_member"
    will.post(f"/v1/admin/places/{quarry}/musters", {"message": "Fire"}, 404)


def test_a_role_for_the_whole_organisation_holds_in_each_place(
    org: Organisation, yard: str, quarry: str
) -> None:
    will = org.person("Will")
    gives(org.admin, will, "warden")
    assert {site["id"] for site in will.get("/v1/admin/sites")["items"]} == {yard, quarry}
    later = org.site("Mill", at=(127.2, 37.5), admission="assigned")
    calls(will, later)


def test_who_manages_all_sites_edits_them_and_makes_none(org: Organisation, yard: str, quarry: str) -> None:
    mia = org.person("Mia")
    gives(org.admin, mia, "site_manager")
    for place in (yard, quarry):
        body = {"type": "Feature", "properties": {"name": "Renamed"}}
        mia.patch(f"/v1/admin/sites/{place}", body, If_Match="*")
        org.admin.posts(place, "all hands")
        assert mia.reads(place) == ["all hands"]
    mia.get("/v1/admin/people", 403)
    assert [membership["role"] for membership in mia.get("/v1/me")["memberships"]] == []


def test_nobody_gives_what_they_do_not_have(org: Organisation, yard: str, quarry: str) -> None:
    mia, mo, bob = manager(org, "Mia", yard), org.person("Mo"), org.person("Bob")
    gives(mia, mo, "moderator", yard)
    gives(mia, bob, "site_manager", yard)
    gives(mia, mo, "moderator", quarry, status=404)
    gives(mia, mo, "moderator", status=403)
    gives(mia, mo, "organisation_administrator", status=403)
    gives(mo, bob, "moderator", yard, status=403)
    gives(mo, mo, "organisation_administrator", status=403)
    reader = makes_role(org.admin, "Reader of people", "organisation:people:manage", "scope:posts:read")
    gives(mia, mo, reader["id"], yard, status=403)
    assert gives(org.admin, bob, "compliance_officer", status=403)["code"] == "role_beyond_own"
    assert {row["role"] for row in given(org.admin, person=mo)} == {"moderator"}


def test_a_member_assigned_to_assign_makes_no_managers(org: Organisation, yard: str) -> None:
    mia, clerk, bob = manager(org, "Mia", yard), org.person("Clerk"), org.person("Bob")
    gives(org.admin, clerk, makes_role(org.admin, "Clerk", "site:members:manage")["id"], yard)
    path = f"/v1/admin/scopes/{yard}/memberships"
    clerk.put(f"{path}/{bob.id}", {"role": "member"})
    clerk.put(f"{path}/{bob.id}", {"role": "manager"}, 403)
    clerk.put(f"{path}/{clerk.id}", {"role": "manager"}, 403)
    clerk.put(f"{path}/{mia.id}", {"role": "member"}, 403)
    clerk.delete(f"{path}/{mia.id}", 403)
    clerk.delete(f"{path}/{bob.id}")


def test_what_is_taken_is_gone_at_once(org: Organisation, yard: str) -> None:
    mo, mia = org.person("Mo"), manager(org, "Mia", yard)
    grant = gives(mia, mo, "moderator", yard)
    mo.get(f"/v1/scopes/{yard}/posts")
    takes(mo, grant, 403)
    takes(manager(org, "Max", org.site("Mill", at=(127.2, 37.5))), grant, 404)
    takes(mia, grant)
    mo.get(f"/v1/scopes/{yard}/posts", 404)
    takes(mia, grant, 404)
    assert mo.get("/v1/me/roles")["items"] == []


def test_who_gives_no_roles_learns_of_none(org: Organisation, yard: str, world: World) -> None:
    eve, mo = org.person("Eve", scopes=[yard]), org.person("Mo")
    grant = gives(org.admin, mo, "moderator", yard)
    foreign = gives(world.organisation().admin, world.organisation().person("X"), "warden", status=404)
    for phone, status in ((eve, 403), (manager(org, "Max", org.site("Mill", at=(127.2, 37.5))), 404)):
        unknown = phone.delete(f"/v1/admin/role-grants/{ids.new_id()}", status)
        for one in (grant["id"], org.admin.id, mo.id):
            for method in ("GET", "DELETE"):
                refused = phone.request(method, f"/v1/admin/role-grants/{one}")
                assert refused.status_code == status
                assert refused.get_json() | {"request_id": ""} == unknown | {"request_id": ""}
    eve.get("/v1/admin/role-grants", 403)
    eve.get(f"/v1/admin/role-grants?scope_id={yard}", 403)
    eve.get("/v1/admin/roles", 403)
    assert foreign["code"] == "not_found"


def test_the_list_has_administrators_managers_and_grants(org: Organisation, yard: str, quarry: str) -> None:
    crane = org.zone(yard, "Crane")
    mia, mo, will = manager(org, "Mia", yard), org.person("Mo"), org.person("Will")
    gives(mia, mo, "moderator", crane)
    gives(org.admin, will, "warden")
    gives(org.admin, will, "warden", quarry)
    of_all = {(row["person"]["name"], row["role"], row["scope"]["name"]) for row in given(org.admin)}
    assert of_all == {
        ("Ada", "organisation_administrator", "Org"),
        ("Mia", "site_manager", "Yard"),
        ("Mo", "moderator", "Crane"),
        ("Will", "warden", "Org"),
        ("Will", "warden", "Quarry"),
    }
    assert {row["person"]["name"] for row in given(mia, yard)} == {"Mia", "Mo"}
    (own,) = mo.get("/v1/me/roles")["items"]
    assert own["given_by"] == {"id": mia.id, "name": "Mia"}
    pages = org.admin.get("/v1/admin/role-grants?limit=2")
    more = org.admin.get(f"/v1/admin/role-grants?limit=100&cursor={pages['next']}")["items"]
    assert len(pages["items"]) + len(more) == 5


def test_those_concerned_hear_of_it(org: Organisation, yard: str) -> None:
    mia, mo, eve = manager(org, "Mia", yard), org.person("Mo"), org.person("Eve", scopes=[yard])
    since = head(mo)
    grant = gives(mia, mo, "moderator", yard)
    assert gives(mia, mo, "moderator", yard)["id"] == grant["id"], "once more is once"
    takes(mia, grant)
    expected = [(yard, None, "moderator"), (yard, "moderator", None)]
    for witness in (mo, mia, org.admin):
        assert changes(witness, since) == expected
    assert changes(eve, since) == []


def test_a_conversation_has_no_roles_and_a_group_is_for_those_within(org: Organisation) -> None:
    mo, bob = org.person("Mo"), org.person("Bob")
    direct = bob.post("/v1/direct-conversations", {"person_ids": [mo.id]}, 201)["scope"]["id"]
    secret = bob.posts(direct, "between us")
    gives(org.admin, mo, "moderator", direct, status=404)
    gives(bob, mo, "moderator", direct, status=403)
    eve = org.person("Eve")
    gives(org.admin, eve, "moderator")
    eve.get(f"/v1/scopes/{direct}/posts", 404)
    eve.delete(f"/v1/posts/{secret['id']}", 404)


def test_visitors_are_given_nothing(org: Organisation, yard: str) -> None:
    vera = comes_as_visitor(org, code(org, marker(org, yard, admits_visitors_hours=8)))
    for role, scope in (("moderator", yard), ("site_manager", yard), ("organisation_administrator", None)):
        assert gives(org.admin, vera, role, scope, status=409)["code"] == "no_roles"
    assert vera.get("/v1/me")["person"]["role"] == "visitor"


def test_nothing_is_given_to_or_in_what_is_not_there(org: Organisation, yard: str, world: World) -> None:
    other = world.organisation()
    stranger, theirs = other.person("Sam"), other.site()
    mo = org.person("Mo")
    gives(org.admin, stranger, "moderator", yard, status=404)
    gives(org.admin, mo, "moderator", theirs, status=404)
    gives(org.admin, mo, str(ids.new_id()), yard, status=422)
    gives(org.admin, mo, "member", yard, status=422)
    gives(org.admin, mo, "compliance_officer", yard, status=403)
    over = clock.now() - timedelta(seconds=1)
    assert (
        gives(org.admin, mo, "moderator", yard, until=over, status=422)["errors"][0]["pointer"] == "/ends_at"
    )
    gone = mo.id
    org.admin.delete(f"/v1/admin/people/{gone}")
    body = {"person_id": gone, "role": "moderator", "scope_id": yard}
    org.admin.post("/v1/admin/role-grants", body, 404)


def test_roles_go_with_the_account_and_with_the_place(org: Organisation, yard: str, quarry: str) -> None:
    mo, will = org.person("Mo"), org.person("Will")
    gives(org.admin, mo, "moderator", yard)
    gives(org.admin, will, "warden", yard)
    gives(org.admin, will, "warden", quarry)
    org.admin.delete(f"/v1/admin/people/{mo.id}")
    assert {row["person"]["name"] for row in given(org.admin)} == {"Ada", "Will"}
    org.admin.delete(f"/v1/admin/sites/{yard}", If_Match="*")
    assert {row["scope"]["name"] for row in given(org.admin, person=will)} == {"Quarry"}


def test_roles_take_a_fresh_proof(org: Organisation, yard: str) -> None:
    mo = org.person("Mo")
    grant = gives(org.admin, mo, "moderator", yard)
    with org.world.worker.transaction() as session:
        session.execute(
            text("UPDATE sessions SET proven_at = now() - interval '6 minutes' WHERE id = :id"),
            {"id": org.admin.session_id},
        )
    assert gives(org.admin, mo, "warden", yard, status=403)["code"] == "step_up_required"
    assert takes(org.admin, grant, 403)["code"] == "step_up_required"
    assert makes_role(org.admin, "Night", "scope:posts:read", status=403)["code"] == "step_up_required"
    assert len(given(org.admin, person=mo)) == 1


def test_asking_by_a_role_takes_no_statement_more(org: Organisation, yard: str) -> None:
    mia, mo = manager(org, "Mia", yard), org.person("Mo")
    for _ in range(3):
        gives(org.admin, mo, "moderator", yard)
        gives(org.admin, mo, "warden")
    counts: list[int] = []
    for phone in (mia, mo):
        with statements(org.world.web.engine) as asked:
            phone.get(f"/v1/scopes/{yard}/posts")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_officer_is_no_administrator_and_the_other_way_round(org: Organisation) -> None:
    olga = officer(org)
    permissions = olga.get("/v1/me")["permissions"]
    assert {"organisation:audit:read", "organisation:audit:export"} <= set(permissions)
    assert "organisation:people:manage" not in permissions
    assert "organisation:audit:export" not in org.admin.get("/v1/me")["permissions"]
    assert gives(org.admin, olga, "organisation_administrator", status=409)["code"] == "roles_exclude"
    assert gives(olga, org.admin, "compliance_officer", status=409)["code"] == "roles_exclude"
    second = org.person("Otto")
    grant = gives(olga, second, "compliance_officer")
    gives(olga, second, "moderator", status=403)
    takes(org.admin, grant, 403)
    takes(olga, grant)
    assert "organisation:audit:export" not in second.get("/v1/me")["permissions"]


def test_an_operator_names_officers_and_makes_none_of_an_administrator(
    org: Organisation, world: World
) -> None:
    with pytest.raises(RolesExclude):
        names_officer(org, "admin@example.com")
    with pytest.raises(NotFound):
        names_officer(org, "nobody@example.com")
    world.organisation().person("Sam")
    with pytest.raises(NotFound):
        names_officer(org, "sam@example.com")
    olga = officer(org)
    names_officer(org, " OLGA@example.com ")
    assert [row["role"] for row in olga.get("/v1/me/roles")["items"]] == ["compliance_officer"]


def test_who_merely_belongs_hands_on_nothing_of_it(org: Organisation, yard: str) -> None:
    """An officer reads what all of the organisation reads, as members do; a role to read would reach each place."""
    olga, mel = officer(org), org.person("Mel")
    reads = makes_role(org.admin, "Reads", "scope:posts:read")
    assert gives(olga, mel, reads["id"], str(org.id), status=403)["code"] == "role_beyond_own"
    mel.get(f"/v1/scopes/{yard}/posts", 404)


def test_an_officer_knows_of_no_place_by_it(org: Organisation, yard: str) -> None:
    olga = officer(org)
    olga.get(f"/v1/scopes/{yard}/posts", 404)
    assert olga.get("/v1/admin/sites")["items"] == []
    olga.get("/v1/admin/people", 403)


def test_nobody_gets_into_an_account_that_may_do_more(org: Organisation, yard: str) -> None:
    olga, mia, hal = officer(org), manager(org, "Mia", yard), org.person("Hal")
    gives(org.admin, hal, makes_role(org.admin, "HR", "organisation:people:manage")["id"])
    path = "/v1/admin/people/{}/reset-code".format
    org.admin.post(path(olga.id), None, 403)
    hal.post(path(olga.id), None, 403)
    hal.post(path(mia.id), None, 403)
    hal.post(path(org.admin.id), None, 403)
    hal.delete(f"/v1/admin/people/{org.admin.id}", 403)
    hal.post(path(org.person("Bob").id), None, 201)
    org.admin.post(path(mia.id), None, 201)
    org.admin.delete(f"/v1/admin/people/{olga.id}")
