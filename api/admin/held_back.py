"""Accounts that nobody gets into for a while, because somebody guessed at them."""

from typing import Any
from uuid import UUID

from api.route import Call, Routes
from people.accounts.persons import person_in
from people.permissions import Permission
from people.sign_in.held_back import held_back
from people.sign_in.throttle import forget_account
from schemas.held_back import HeldBackList

routes = Routes("admin-held-back", "Administration: who is held back", "/v1/admin")


@routes.route("GET", "/held-back", permission=Permission.HELD_BACK_MANAGE, answer=HeldBackList)
def list_held_back(call: Call) -> dict[str, Any]:
    """Whose tries to come in are not looked at for a while, and from where they came."""
    return {"items": held_back(call.session, call.actor.organisation_id)}


@routes.route(
    "DELETE", "/held-back/<uuid:person_id>", permission=Permission.HELD_BACK_MANAGE, fresh=True, status=204
)
def let_go(call: Call, person_id: UUID) -> None:
    """Let somebody try again at once, at every door and from everywhere."""
    forget_account(call.session, person_in(call.session, call.actor.organisation_id, person_id).id)
