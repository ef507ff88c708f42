"""Who I am to the organisation, and what others see of me."""

from typing import Any

from api.route import Call, Routes
from people.accounts import profile
from people.permissions import Permission
from schemas.people import Me, ProfileEdit

routes = Routes("me", "Me: who I am, where I belong")


@routes.route("GET", "/me", permission=Permission.ACCOUNT_USE, answer=Me)
def read_me(call: Call) -> dict[str, Any]:
    """All that an app needs at its start."""
    return profile.me(call.session, call.actor)


@routes.route("PATCH", "/me", permission=Permission.ACCOUNT_USE, body=ProfileEdit, answer=Me)
def edit_me(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Change one's name, language or time zone, or who sees whether one is online (`last_seen`)."""
    profile.edit_me(call.session, call.actor, body)
    return profile.me(call.session, call.actor)
