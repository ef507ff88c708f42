"""Roles that an organisation makes of permissions."""

import pytest

from base import ids
from tests.stories.events import head, heard
from tests.stories.roles import gives, makes_role, officer, takes
from tests.world import Organisation, World

READ, MODERATE, PEOPLE = "scope:posts:read", "scope:posts:moderate", "organisation:people:manage"


@pytest.fixture
def yard(org: Organisation) -> str:
    return org.site("Yard", admission="assigned")


def test_a_role_is_made_given_changed_and_let_go(org: Organisation, yard: str) -> None:
    role = makes_role(org.admin, "Night desk", READ)
    assert role == {"id": role["id"], "name": "Night desk", "permissions": [READ], "version": 1}
    mo, post = org.person("Mo"), org.admin.posts(yard, "rude")
    grant = gives(org.admin, mo, role["id"], yard)
    assert (grant["role"], grant["role_name"]) == (role["id"], "Night desk")
    assert mo.reads(yard) == ["rude"]
    mo.delete(f"/v1/posts/{post['id']}", 403)
    since, path = head(mo), f"/v1/admin/roles/{role['id']}"
    changed = org.admin.patch(path, {"permissions": [MODERATE, READ]}, If_Match='"1"')
    assert (changed["version"], changed["permissions"]) == (2, [MODERATE, READ])
    mo.delete(f"/v1/posts/{post['id']}")
    assert [(one["before"], one["after"]) for one in heard(mo, "rights.changed", since)] == [
        (role["id"], role["id"])
    ]
    assert org.admin.delete(path, 409, If_Match='"2"')["code"] == "role_in_use"
    takes(org.admin, grant)
    org.admin.delete(path, If_Match='"2"')
    org.admin.get(path, 404)
    gives(org.admin, mo, role["id"], yard, status=422)
    makes_role(org.admin, "Night desk", READ)


def test_an_edit_names_the_version_that_it_was_made_from(org: Organisation) -> None:
    path = f"/v1/admin/roles/{makes_role(org.admin, 'Night desk', READ)['id']}"
    org.admin.patch(path, {"name": "Day desk"}, 428)
    org.admin.patch(path, {"name": "Day desk"}, If_Match='"1"')
    org.admin.patch(path, {"name": "Late desk"}, 412, If_Match='"1"')
    org.admin.delete(path, 412, If_Match='"1"')
    assert org.admin.get(path)["name"] == "Day desk"


def test_two_roles_are_not_called_alike(org: Organisation, world: World) -> None:
    makes_role(org.admin, "Café", READ)
    for name in ("Café", "café", " CAFÉ ", "Cafe\u0301"):
        assert makes_role(org.admin, name, READ, status=409)["code"] == "role_name_taken"
    other = makes_role(org.admin, "Desk", READ)
    path = f"/v1/admin/roles/{other['id']}"
    org.admin.patch(path, {"name": "CAFÉ"}, 409, If_Match="*")
    org.admin.patch(path, {"name": "DESK"}, If_Match="*")
    makes_role(world.organisation().admin, "Café", READ)


@pytest.mark.parametrize(
    "permissions", [[], ["scope:posts:eat"], ["me:account:use"], ["nonsense"], [READ, "*"], ["scope:*:*"]]
)
def test_a_role_is_made_of_permissions_that_there_are(org: Organisation, permissions: list[str]) -> None:
    refused = makes_role(org.admin, "Desk", *permissions, status=422)
    assert refused["errors"][0]["pointer"].startswith("/permissions")


def test_nobody_makes_what_they_do_not_have(org: Organisation, yard: str) -> None:
    export = "organisation:audit:export"
    assert makes_role(org.admin, "Exporter", export, status=403)["code"] == "role_beyond_own"
    maker = org.person("Max")
    gives(org.admin, maker, makes_role(org.admin, "Maker", "organisation:roles:manage")["id"])
    makes_role(maker, "All", PEOPLE, status=403)
    makes_role(maker, "More makers", "organisation:roles:manage")
    desk = makes_role(org.admin, "Desk", READ)
    maker.patch(
        f"/v1/admin/roles/{desk['id']}", {"permissions": ["organisation:roles:manage"]}, 403, If_Match="*"
    )
    maker.delete(f"/v1/admin/roles/{desk['id']}", 403, If_Match="*")
    makes_role(officer(org), "Reader", "organisation:audit:read", status=403)
    makes_role(org.person("Bob"), "Bob's", READ, status=403)


def test_what_is_asked_of_the_organisation_is_given_for_all_of_it(org: Organisation, yard: str) -> None:
    hr, hal = makes_role(org.admin, "HR", PEOPLE, READ), org.person("Hal")
    assert gives(org.admin, hal, hr["id"], yard, status=422)["code"] == "role_is_organisations"
    hal.get("/v1/admin/people", 403)
    grant = gives(org.admin, hal, hr["id"])
    hal.get("/v1/admin/people")
    assert PEOPLE in hal.get("/v1/me")["permissions"]
    hal.get("/v1/admin/sites")
    hal.post("/v1/admin/invitations", {"role": "organisation_administrator"}, 403)
    takes(org.admin, grant)
    hal.get("/v1/admin/people", 403)


def test_a_role_that_grows_at_a_place_gives_nothing_of_the_organisation(org: Organisation, yard: str) -> None:
    desk, mo = makes_role(org.admin, "Desk", READ), org.person("Mo")
    grant = gives(org.admin, mo, desk["id"], yard)
    org.admin.patch(f"/v1/admin/roles/{desk['id']}", {"permissions": [READ, PEOPLE]}, If_Match="*")
    mo.get(f"/v1/scopes/{yard}/posts")
    mo.get("/v1/admin/people", 403)
    takes(org.admin, grant)


def test_roles_of_others_are_not_there(org: Organisation, world: World) -> None:
    other, mo = world.organisation(), org.person("Mo")
    theirs = makes_role(other.admin, "Desk", READ)
    unknown = org.admin.get(f"/v1/admin/roles/{ids.new_id()}", 404)
    foreign = org.admin.get(f"/v1/admin/roles/{theirs['id']}", 404)
    assert foreign | {"request_id": ""} == unknown | {"request_id": ""}
    org.admin.patch(f"/v1/admin/roles/{theirs['id']}", {"name": "Mine"}, 404, If_Match="*")
    org.admin.delete(f"/v1/admin/roles/{theirs['id']}", 404, If_Match="*")
    gives(org.admin, mo, theirs["id"], status=422)
    assert [role["name"] for role in org.admin.get("/v1/admin/roles")["items"] if role["name"]] == []
