"""Opening an account with an invitation code."""

from typing import Any

from flask import request

from api.route import Call, Routes
from geo.stays.handover import hand_over
from people.invitations.redeeming import accept, prove_invitation
from people.runtime import Runtime
from people.sign_in.opening import open_session
from people.sign_in.ways import Factor, Way
from schemas.invitations import AcceptInvitation
from schemas.sessions import Tokens

routes = Routes("invitations", "Invitations: opening an account")


def _proven(runtime: Runtime, body: dict[str, Any]) -> dict[str, Any]:
    """The code is checked, and the password hashed, before the transaction that opens the account."""
    device, code, password = (body.pop(name) for name in ("device", "code", "password"))
    opening = prove_invitation(runtime.database, code, body, password, request.remote_addr)
    return {"opening": opening, "account": body, "device": device}


@routes.route(
    "POST",
    "/invitations/accept",
    public=True,
    body=AcceptInvitation,
    prepare=_proven,
    answer=Tokens,
    status=201,
)
def accept_invitation(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Open the account that the code allows, or the one that it is for, and sign in on the device."""
    person = accept(call.session, body["opening"], body["account"])
    ttl = call.runtime.settings.session_ttl
    way = Way((Factor.INVITATION,), request.remote_addr)
    tokens, _ = open_session(
        call.session, call.runtime.tokens, ttl, person.organisation_id, person.id, body["device"], way
    )
    hand_over(call.session, tokens.session_id)
    return tokens.wire()
