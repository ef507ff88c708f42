"""The roles that one has."""

from typing import Any

from api.route import Call, Routes
from people.permissions import Permission
from people.roles.grants import my_roles
from people.roles.lists import wire_given
from schemas.roles import RoleGrantList

routes = Routes("roles", "Roles: what I was given")


@routes.route("GET", "/me/roles", permission=Permission.ACCOUNT_USE, answer=RoleGrantList)
def read_my_roles(call: Call) -> dict[str, Any]:
    """What I was given: where, by whom, until when."""
    return {"items": [wire_given(row) for row in my_roles(call.session, call.actor)]}
