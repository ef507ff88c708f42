"""Roles: what there is to give, who has what, and why somebody may do what they may."""

from typing import Any
from uuid import UUID

from api.answers import Answer
from api.etags import check_if_match, etag
from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from people.accounts.persons import person_in
from people.permissions import Permission
from people.roles import custom, grants
from people.roles.access import access_of
from people.roles.lists import wire_given
from people.wire import wire_person
from schemas.roles import (
    Access,
    CustomRole,
    NewRole,
    NewRoleGrant,
    RoleEdit,
    RoleGrant,
    RoleGrantPage,
    RoleGrantQuery,
    RoleList,
)

routes = Routes("admin-roles", "Administration: roles", "/v1/admin")
_GIVE, _MANAGE = Permission.ROLES_GIVE, Permission.ROLES_MANAGE
_ETAG = {"ETag": "The version to name in If-Match"}
_ROLE = "/roles/<uuid:role_id>"


@routes.route("GET", "/roles", permission=_GIVE, answer=RoleList)
def list_roles(call: Call) -> dict[str, Any]:
    """The roles that there are: those that there always are, and the organisation's own."""
    return {"items": custom.list_roles(call.session, call.actor)}


@routes.route(
    "POST",
    "/roles",
    permission=_MANAGE,
    fresh=True,
    body=NewRole,
    answer=CustomRole,
    status=201,
    headers=_ETAG,
)
def make_role(call: Call, body: dict[str, Any]) -> Answer:
    """Make a role of permissions that one has oneself."""
    role = custom.make_role(call.session, call.actor, body["name"], body["permissions"])
    call.notes(None, custom.wire_role(role))
    return Answer(custom.wire_role(role), 201, etag(role.version))


@routes.route("GET", _ROLE, permission=_MANAGE, answer=CustomRole, headers=_ETAG)
def read_role(call: Call, role_id: UUID) -> Answer:
    """A role of the organisation's own, and the ETag for an edit."""
    role = custom.custom_role(call.session, call.actor, role_id)
    return Answer(custom.wire_role(role), headers=etag(role.version))


@routes.route("PATCH", _ROLE, permission=_MANAGE, fresh=True, body=RoleEdit, answer=CustomRole, headers=_ETAG)
def edit_role(call: Call, role_id: UUID, body: dict[str, Any]) -> Answer:
    """Change a role: at once for everybody who has it."""
    role = custom.custom_role(call.session, call.actor, role_id, lock=True)
    check_if_match(role.version)
    before = custom.wire_role(role)
    custom.edit_role(call.session, call.actor, role, body)
    call.notes(before, custom.wire_role(role))
    return Answer(custom.wire_role(role), headers=etag(role.version))


@routes.route("DELETE", _ROLE, permission=_MANAGE, fresh=True, status=204)
def end_role(call: Call, role_id: UUID) -> None:
    """Let a role go that nobody has."""
    role = custom.custom_role(call.session, call.actor, role_id, lock=True)
    check_if_match(role.version)
    custom.end_role(call.session, call.actor, role)
    call.notes(custom.wire_role(role), None)


@routes.route("GET", "/role-grants", permission=_GIVE, query=RoleGrantQuery, answer=RoleGrantPage)
def list_role_grants(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Who has which role, by the ids of the grants; that of an administrator is the person's, of a manager the
    membership's."""
    after = decode_cursor(query["cursor"], by_id)
    whose = (query["scope_id"], query["person_id"])
    found = grants.list_grants(call.session, call.actor, *whose, after, query["limit"])
    return page([wire_given(row) for row in found], query["limit"], lambda: (str(found[-1].id),))


@routes.route(
    "POST",
    "/role-grants",
    permission=_GIVE,
    fresh=True,
    body=NewRoleGrant,
    answer=RoleGrant,
    status=201,
)
def give_role(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Give somebody a role that one has oneself, there or above; given once more, it gets the new end."""
    given = grants.give_role(
        call.session, call.actor, body["person_id"], body["role"], body["scope_id"], body["ends_at"]
    )
    call.notes(None, _noted(given))
    return given


@routes.route("GET", "/role-grants/<uuid:grant_id>", permission=_GIVE, answer=RoleGrant)
def read_role_grant(call: Call, grant_id: UUID) -> dict[str, Any]:
    """A role that somebody has."""
    return grants.read_grant(call.session, call.actor, grant_id)


@routes.route("DELETE", "/role-grants/<uuid:grant_id>", permission=_GIVE, fresh=True, status=204)
def take_role(call: Call, grant_id: UUID) -> None:
    """Take a role away: what it lets do ends at once. An administrator or manager stays, as a member."""
    call.notes(_noted(grants.take_role(call.session, call.actor, grant_id)), None)


@routes.route("GET", "/people/<uuid:person_id>/access", permission=Permission.PEOPLE_MANAGE, answer=Access)
def explain_access(call: Call, person_id: UUID) -> dict[str, Any]:
    """Why somebody can see and do what they can, in words: by what, where, given by whom, until when."""
    person = person_in(call.session, call.actor.organisation_id, person_id)
    reasons = access_of(call.session, call.actor, person)
    return {"person": wire_person(person), "items": reasons}


def _noted(given: dict[str, Any]) -> dict[str, Any]:
    """A grant without anybody's name."""
    return {
        "person_id": given["person"]["id"],
        "role": given["role"],
        "scope_id": given["scope"]["id"],
        "ends_at": given["ends_at"],
    }
