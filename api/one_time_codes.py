"""One-time codes: to sign in without a password, and to verify an address or number."""

from typing import Any
from uuid import UUID

from flask import request

from api.kept import Keep
from api.pace import Pace
from api.route import Call, Routes
from geo.stays.handover import hand_over
from people.accounts import verification
from people.messages.channels import channel_of, check_on
from people.permissions import Permission
from people.runtime import Runtime
from people.sign_in import asked_codes, one_time_codes
from people.sign_in.asked_codes import Asked
from people.sign_in.short_codes import CodeKeys
from schemas.one_time_codes import CodeSignIn, CodeWish, VerificationCode
from schemas.sessions import Tokens

routes = Routes("one_time_codes", "One-time codes: sent by mail or as a short message")


def _asked(body: dict[str, Any]) -> Asked:
    return Asked(body["organisation"], body["identifier"], body["device"]["installation_id"])


def _keys(runtime: Runtime) -> CodeKeys:
    return CodeKeys(runtime.settings.secret_key, runtime.settings.former_secret_key)


def _proven(runtime: Runtime, body: dict[str, Any]) -> dict[str, Any]:
    """The try is counted and committed before the transaction that signs in."""
    asked = _asked(body)
    proof = one_time_codes.prove(runtime.database, _keys(runtime), asked, body["code"], request.remote_addr)
    return {"proof": proof, "device": body["device"]}


@routes.route("POST", "/sessions/codes", public=True, body=CodeWish, status=202)
def ask_for_code(call: Call, body: dict[str, Any]) -> None:
    """Ask for a code to sign in with. The answer is the same whether there is such an account or not."""
    asked = _asked(body)
    check_on(call.runtime.settings, channel_of(asked.identifier))
    asked_codes.ask(call.session, call.runtime.sealer, asked, request.remote_addr)


@routes.route(
    "POST", "/sessions/by-code", public=True, body=CodeSignIn, prepare=_proven, answer=Tokens, status=201
)
def sign_in_by_code(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with the code, on the device that asked for it; an earlier session on the same device ends."""
    settings = call.runtime.settings
    tokens = one_time_codes.sign_in_by_code(
        call.session, call.runtime.tokens, settings.session_ttl, **body, address=request.remote_addr
    )
    hand_over(call.session, tokens.session_id)
    return tokens.wire()


@routes.route(
    "POST",
    "/me/identifiers/<uuid:identifier_id>/verification",
    permission=Permission.ACCOUNT_USE,
    pace=Pace.CODE,
    status=202,
)
def send_verification(call: Call, identifier_id: UUID) -> None:
    """Have a code sent to one of one's own addresses or numbers, to show that it reaches one."""
    runtime = call.runtime
    verification.send_verification(
        call.session, runtime.settings, runtime.sealer, _keys(runtime), call.actor, identifier_id
    )


@routes.route(
    "POST",
    "/me/identifiers/<uuid:identifier_id>/verification/confirm",
    permission=Permission.ACCOUNT_USE,
    pace=Pace.CODE,
    secret=True,
    body=VerificationCode,
    status=204,
    audit=Keep.EACH,
)
def confirm_verification(call: Call, identifier_id: UUID, body: dict[str, Any]) -> None:
    """Verify an address or number with the code that went there."""
    verification.confirm(call.session, _keys(call.runtime), call.actor, identifier_id, body["code"])
