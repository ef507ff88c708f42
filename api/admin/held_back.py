"""Who is held back: accounts that nobody gets into for a while, because somebody guessed at them, and people who asked
for too much. Guesses are counted for all processes together; whoever is held back by a pace is known to the process
that refused them, and each tells of its own."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app

from api.held import Held
from api.pacing import Paces, paces_of
from api.route import Call, Routes
from base import clock
from people.accounts.persons import account_in, names_of
from people.permissions import Permission
from people.sign_in.held_back import held_back
from people.sign_in.throttle import forget_account
from schemas.held_back import HeldBackList

routes = Routes("admin-held-back", "Administration: who is held back", "/v1/admin")


@routes.route("GET", "/held-back", permission=Permission.HELD_BACK_MANAGE, answer=HeldBackList)
def list_held_back(call: Call) -> dict[str, Any]:
    """Whose tries to come in are not looked at for a while, and from where they came."""
    organisation_id = call.actor.organisation_id
    now = _paces().held.now(organisation_id.int)
    names = names_of(call.session, organisation_id, [UUID(int=held.person) for held, _ in now])
    by_pace = [_wire(held, left_s, names) for held, left_s in now if UUID(int=held.person) in names]
    return {"items": [*by_pace, *held_back(call.session, organisation_id)]}


def _wire(held: Held, left_s: float, names: dict[UUID, str]) -> dict[str, Any]:
    person_id = UUID(int=held.person)
    return {
        "person_id": str(person_id),
        "name": names[person_id],
        "door": "too_many_requests",
        "reach": held.limit.rpartition("-")[2],
        "limit": held.limit,
        "tries": None,
        "until": clock.wire(clock.now() + timedelta(seconds=left_s)),
    }


@routes.route(
    "DELETE", "/held-back/<uuid:person_id>", permission=Permission.HELD_BACK_MANAGE, fresh=True, status=204
)
def let_go(call: Call, person_id: UUID) -> None:
    """Let somebody try again at once, at every door and from everywhere."""
    person = account_in(call.session, call.actor.organisation_id, person_id)
    forget_account(call.session, person.id)
    _paces().let_go(call.actor.organisation_id.int, person.id.int)


def _paces() -> Paces:
    return paces_of(current_app)
