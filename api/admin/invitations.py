"""Invitations: of anybody for administrators, of visitors for managers too."""

from typing import Any

from api.pace import Pace
from api.route import Call, Routes
from people.accounts.invitations import invite, wire_invitation
from people.permissions import Permission
from schemas.people import Invitation, NewInvitation

routes = Routes("admin-invitations", "Administration: invitations", "/v1/admin")


@routes.route(
    "POST",
    "/invitations",
    permission=Permission.MEMBERS_MANAGE,
    pace=Pace.INVITE,
    body=NewInvitation,
    answer=Invitation,
    status=201,
)
def create_invitation(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Make a code that lets people open accounts, assigned to the named scopes. Managers invite visitors only."""
    invitation, code = invite(call.session, call.actor, **body)
    made = wire_invitation(invitation)
    call.notes(
        None, {name: made[name] for name in ("role", "scope_ids", "uses_left", "stay_hours", "expires_at")}
    )
    return made | {"code": code}
