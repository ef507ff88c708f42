"""Oneself."""

from typing import Any

from api.route import Call, Routes
from people import profile
from people.permissions import Permission
from people.persons import person_in
from schemas.people import Me, ProfileEdit

routes = Routes("me", "Me: who I am, where I belong")


@routes.route("GET", "/me", permission=Permission.ACCOUNT_USE, answer=Me)
def read_me(call: Call) -> dict[str, Any]:
    """All that an app needs at its start."""
    return profile.me(call.session, call.actor)


@routes.route("PATCH", "/me", permission=Permission.ACCOUNT_USE, body=ProfileEdit, answer=Me)
def edit_me(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Change one's name, language or time zone."""
    person = person_in(call.session, call.actor.organisation_id, call.actor.person_id)
    for field, value in body.items():
        setattr(person, field, value)
    call.session.flush()
    return profile.me(call.session, call.actor)
