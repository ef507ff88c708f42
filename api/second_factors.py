"""Second factors: the second step of signing in, one's authenticator app, and proving anew who one is."""

from typing import Any

from flask import request

from api.codes import plain_svg
from api.kept import Keep
from api.route import Call, Routes
from base import clock
from geo.stays.handover import hand_over
from people.accounts import authenticators, proofs, second_steps
from people.accounts.authenticators import Setup
from people.actor import Actor
from people.permissions import Permission
from people.runtime import Runtime
from schemas.second_factors import (
    Authenticator,
    AuthenticatorCode,
    AuthenticatorSetup,
    FactorEnrolment,
    NewProof,
    ProofTaken,
    RecoveryCodes,
    SecondStep,
    SecondStepTokens,
)

routes = Routes("second-factors", "Second factors: authenticator apps, recovery codes, proving anew")


def _counted(runtime: Runtime, body: dict[str, Any]) -> dict[str, Any]:
    """The try is counted, for good, before the transaction that looks at it."""
    challenge, installation_id = body.pop("challenge"), body.pop("installation_id")
    step = second_steps.count_step(runtime.database, challenge, installation_id, body, request.remote_addr)
    return {"step": step}


@routes.route(
    "POST",
    "/sessions/second-factor",
    public=True,
    body=SecondStep,
    prepare=_counted,
    answer=SecondStepTokens,
    status=201,
)
def take_second_step(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in where the first step was answered with a challenge: with a code of the app, or a recovery code."""
    shared = call.runtime
    tokens, codes = second_steps.take_step(
        call.session, shared.sealer, shared.tokens, shared.settings.session_ttl, body["step"]
    )
    hand_over(call.session, tokens.session_id)
    return tokens.wire() | {"recovery_codes": codes}


@routes.route(
    "POST", "/sessions/enrolment", public=True, body=FactorEnrolment, answer=AuthenticatorSetup, status=200
)
def begin_enrolment(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Set up an authenticator app, where the organisation asks for one and there is none; its code signs in."""
    return _wire_setup(second_steps.begin_enrolment(call.session, call.runtime.sealer, **body))


@routes.route("GET", "/me/totp", permission=Permission.ACCOUNT_USE, answer=Authenticator)
def read_authenticator(call: Call) -> dict[str, Any]:
    """Whether I have an authenticator app, and how many recovery codes are left."""
    return authenticators.read_authenticator(call.session, call.actor)


@routes.route(
    "POST",
    "/me/totp",
    permission=Permission.ACCOUNT_USE,
    fresh=True,
    secret=True,
    answer=AuthenticatorSetup,
    status=201,
)
def begin_authenticator(call: Call) -> dict[str, Any]:
    """Begin with an authenticator app, or another one; the present one goes on until the new one is confirmed."""
    return _wire_setup(authenticators.begin_authenticator(call.session, call.runtime.sealer, call.actor))


@routes.route(
    "POST",
    "/me/totp/confirmation",
    permission=Permission.ACCOUNT_USE,
    secret=True,
    body=AuthenticatorCode,
    answer=RecoveryCodes,
    audit=Keep.EACH,
)
def confirm_authenticator(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Show a code of the new app: from now on it is asked for at each sign-in."""
    code = body["totp"]
    codes = authenticators.confirm_authenticator(call.session, call.runtime.sealer, call.actor, code)
    return {"recovery_codes": codes}


@routes.route(
    "DELETE", "/me/totp", permission=Permission.ACCOUNT_USE, fresh=True, status=204, audit=Keep.EACH
)
def remove_authenticator(call: Call) -> None:
    """Do without an authenticator app, and without recovery codes."""
    authenticators.remove_authenticator(call.session, call.actor)


@routes.route(
    "POST",
    "/me/recovery-codes",
    permission=Permission.ACCOUNT_USE,
    fresh=True,
    secret=True,
    answer=RecoveryCodes,
    status=201,
    audit=Keep.EACH,
)
def renew_recovery_codes(call: Call) -> dict[str, Any]:
    """Recovery codes in place of all earlier ones."""
    return {"recovery_codes": authenticators.renew_recovery_codes(call.session, call.actor)}


def _checked(runtime: Runtime, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """A password is checked, and a try at a code counted, before the transaction that notes the proof."""
    return {"proof": proofs.count_proof(runtime.database, actor, body)}


@routes.route(
    "POST",
    "/me/proofs",
    permission=Permission.ACCOUNT_USE,
    secret=True,
    body=NewProof,
    prepare_for=_checked,
    answer=ProofTaken,
    status=201,
    audit=Keep.EACH,
)
def prove_anew(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Prove anew who is at this phone, for what takes a proof of the last five minutes (`step_up_required`)."""
    until = proofs.step_up(call.session, call.runtime.sealer, call.actor, body["proof"])
    return {"good_until": clock.wire(until)}


def _wire_setup(setup: Setup) -> dict[str, Any]:
    return {"secret": setup.secret, "uri": setup.uri, "qr_svg": plain_svg(setup.uri)}
