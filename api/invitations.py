"""Opening an account with an invitation code."""

from typing import Any

from api.route import Call, Routes
from geo.stays.handover import hand_over
from people.accounts.invitations import accept
from people.sign_in.sessions import start_session
from schemas.sessions import AcceptInvitation, Tokens

routes = Routes("invitations", "Invitations: opening an account")


@routes.route("POST", "/invitations/accept", public=True, body=AcceptInvitation, answer=Tokens, status=201)
def accept_invitation(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Open the account that the code allows, and sign in on the device."""
    device, code = body.pop("device"), body.pop("code")
    person = accept(call.session, code, body)
    ttl = call.runtime.settings.session_ttl
    tokens, _ = start_session(
        call.session, call.runtime.tokens, ttl, person.organisation_id, person.id, device
    )
    hand_over(call.session, tokens.session_id)
    return tokens.wire()
