"""Signing in, refreshing, signing out."""

from typing import Any

from flask import request

from api.kept import Keep
from api.pace import Pace
from api.route import Call, Routes
from geo.stays.handover import hand_over
from people.idempotency import check_key
from people.permissions import Permission
from people.runtime import Runtime
from people.sign_in import sessions, signing_in
from schemas.sessions import Refresh, SignIn, Tokens

routes = Routes("sessions", "Sessions: signing in and out")


def _proven(runtime: Runtime, body: dict[str, Any]) -> dict[str, Any]:
    """The password is checked before the transaction that signs in: a hash takes long."""
    device = body.pop("device")
    proof = signing_in.prove(
        runtime.database, **body, installation=device["installation_id"], address=request.remote_addr
    )
    return {"proof": proof, "device": device}


@routes.route("POST", "/sessions", public=True, body=SignIn, prepare=_proven, answer=Tokens, status=201)
def sign_in(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a password on a device; an earlier session on the same device ends."""
    settings = call.runtime.settings
    tokens = signing_in.sign_in(
        call.session, call.runtime.tokens, settings.session_ttl, **body, address=request.remote_addr
    )
    hand_over(call.session, tokens.session_id)
    return tokens.wire()


@routes.route(
    "POST",
    "/sessions/refresh",
    public=True,
    pace=Pace.REFRESH,
    body=Refresh,
    answer=Tokens,
    audit=Keep.NOTED,
)
def refresh_session(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Exchange the refresh token. Using a used one ends the session, but for a retry with the same Idempotency-Key."""
    key = request.headers.get("Idempotency-Key")
    retry_key = None if key is None else check_key(key)
    return sessions.refresh(call.session, call.runtime.tokens, body["refresh_token"], retry_key).wire()


@routes.route("DELETE", "/sessions/current", permission=Permission.ACCOUNT_USE, status=204, audit=Keep.EACH)
def sign_out(call: Call) -> None:
    """Sign out: the tokens are worthless and the sockets close."""
    actor = call.actor
    sessions.end_session(call.session, actor.session_id, reason="signed_out", actor_id=actor.person_id)
