"""Registering by oneself, with an address of a domain whose people the organisation lets in."""

from typing import Any

from flask import request

from api.answers import Answer
from api.kept import Keep
from api.pace import Pace
from api.route import Call, Routes
from geo.stays.handover import hand_over
from people.messages.channels import check_on
from people.messages.queue import Channel
from people.registration.asking import Asked, ask
from people.registration.confirming import confirm, prove_registration
from people.runtime import Runtime
from people.sign_in.opening import open_session
from people.sign_in.short_codes import CodeKeys
from people.sign_in.ways import Factor, Way
from schemas.registrations import NewRegistration, Registered, RegistrationCode

routes = Routes("registrations", "Registrations: coming in by oneself")


@routes.route("POST", "/registrations", public=True, pace=Pace.REGISTER, body=NewRegistration, status=202)
def ask_to_register(call: Call, body: dict[str, Any]) -> None:
    """Ask for an account. The answer is the same for all; a code comes by mail to those who may have one."""
    runtime, device = call.runtime, body.pop("device")
    check_on(runtime.settings, Channel.MAIL)
    asked = Asked(**body, installation_id=device["installation_id"])
    ask(call.session, runtime.sealer, asked, request.remote_addr)


def _proven(runtime: Runtime, body: dict[str, Any]) -> dict[str, Any]:
    """The code is checked, and the password hashed, before the transaction that opens the account."""
    device, settings = body.pop("device"), runtime.settings
    keys = CodeKeys(settings.secret_key, settings.former_secret_key)
    confirmation = prove_registration(
        runtime.database,
        keys,
        **body,
        installation_id=device["installation_id"],
        address=request.remote_addr,
    )
    return {"confirmation": confirmation, "device": device}


@routes.route(
    "POST",
    "/registrations/confirm",
    public=True,
    body=RegistrationCode,
    prepare=_proven,
    answer=Registered,
    status=201,
    audit=Keep.EACH,
)
def confirm_registration(call: Call, body: dict[str, Any]) -> Answer:
    """Give the code: the account is open and one is signed in, or (202) an administrator decides, and a mail tells."""
    person = confirm(call.session, body["confirmation"])
    if person is None:
        return Answer({"state": "awaits_approval", "tokens": None}, 202)
    # An account's first way in, as an invitation is, and proven by a code.
    way = Way((Factor.INVITATION, Factor.ONE_TIME_CODE), request.remote_addr)
    ttl = call.runtime.settings.session_ttl
    tokens, _ = open_session(
        call.session, call.runtime.tokens, ttl, person.organisation_id, person.id, body["device"], way
    )
    hand_over(call.session, tokens.session_id)
    return Answer({"state": "signed_in", "tokens": tokens.wire()})
