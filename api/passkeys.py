"""Passkeys: one's own, signing in with one, and proving anew who one is."""

from typing import Any
from uuid import UUID

from flask import request

from api.kept import Keep
from api.route import Call, Routes
from geo.stays.handover import hand_over
from people.factors import passkey_proofs, passkeys
from people.factors.ceremonies import relying_party
from people.permissions import Permission
from schemas.passkeys import (
    NewPasskey,
    Passkey,
    PasskeyAsked,
    PasskeyName,
    PasskeyOptions,
    PasskeyProof,
    Passkeys,
    PasskeySignIn,
)
from schemas.sessions import Tokens

routes = Routes("passkeys", "Passkeys: signing in with what a phone keeps")


@routes.route(
    "POST", "/sessions/passkeys/options", public=True, body=PasskeyAsked, answer=PasskeyOptions, status=201
)
def ask_to_sign_in(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """What to ask the phone for to sign in. It shows the accounts that it has passkeys of; none is named here."""
    runtime = call.runtime
    return passkey_proofs.ask_anybody(runtime.sealer, relying_party(runtime.settings), body["organisation"])


@routes.route("POST", "/sessions/passkeys", public=True, body=PasskeySignIn, answer=Tokens, status=201)
def sign_in_with_passkey(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a passkey on a device; an earlier session on the same device ends."""
    runtime = call.runtime
    tokens = passkey_proofs.sign_in_with_passkey(
        call.session,
        runtime.sealer,
        relying_party(runtime.settings),
        runtime.tokens,
        runtime.settings.session_ttl,
        **body,
        address=request.remote_addr,
    )
    hand_over(call.session, tokens.session_id)
    return tokens.wire()


@routes.route("GET", "/me/passkeys", permission=Permission.ACCOUNT_USE, answer=Passkeys)
def list_my_passkeys(call: Call) -> dict[str, Any]:
    """One's passkeys, the oldest first."""
    own = passkeys.passkeys_of(call.session, call.actor.person_id)
    return {"items": [passkeys.wire_passkey(passkey) for passkey in own]}


# The proof of who asks is for this moment. The answer, which may take the five minutes of its challenge, is taken from
# the same session alone.
@routes.route(
    "POST",
    "/me/passkeys/options",
    permission=Permission.ACCOUNT_USE,
    own_device=True,
    fresh=True,
    secret=True,
    answer=PasskeyOptions,
    status=201,
)
def ask_for_passkey(call: Call) -> dict[str, Any]:
    """What to ask the phone for to make a passkey."""
    runtime = call.runtime
    return passkeys.offer(call.session, runtime.sealer, relying_party(runtime.settings), call.actor)


@routes.route(
    "POST",
    "/me/passkeys",
    permission=Permission.ACCOUNT_USE,
    body=NewPasskey,
    answer=Passkey,
    status=201,
    audit=Keep.EACH,
)
def add_passkey(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Keep the passkey that the phone has made; all one's devices hear of it."""
    runtime = call.runtime
    made = passkeys.add_passkey(
        call.session, runtime.sealer, relying_party(runtime.settings), call.actor, **body
    )
    return passkeys.wire_passkey(made)


@routes.route(
    "PATCH",
    "/me/passkeys/<uuid:passkey_id>",
    permission=Permission.ACCOUNT_USE,
    body=PasskeyName,
    answer=Passkey,
    audit=Keep.EACH,
)
def rename_passkey(call: Call, passkey_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Call a passkey something else."""
    return passkeys.wire_passkey(passkeys.rename_passkey(call.session, call.actor, passkey_id, body["name"]))


@routes.route(
    "DELETE",
    "/me/passkeys/<uuid:passkey_id>",
    permission=Permission.ACCOUNT_USE,
    fresh=True,
    status=204,
    audit=Keep.EACH,
)
def remove_passkey(call: Call, passkey_id: UUID) -> None:
    """Remove a passkey. Sessions that it began go on."""
    passkeys.remove_passkey(call.session, call.actor, passkey_id)


@routes.route(
    "POST",
    "/me/proofs/passkey/options",
    permission=Permission.ACCOUNT_USE,
    secret=True,
    answer=PasskeyOptions,
    status=201,
)
def ask_for_proof(call: Call) -> dict[str, Any]:
    """What to ask the phone for to prove anew who one is."""
    runtime = call.runtime
    return passkey_proofs.ask_anew(call.session, runtime.sealer, relying_party(runtime.settings), call.actor)


@routes.route(
    "POST",
    "/me/proofs/passkey",
    permission=Permission.ACCOUNT_USE,
    secret=True,
    body=PasskeyProof,
    status=204,
    audit=Keep.EACH,
)
def prove_with_passkey(call: Call, body: dict[str, Any]) -> None:
    """Prove anew who one is: for five minutes, this session may do what takes a fresh proof."""
    runtime = call.runtime
    passkey_proofs.prove_with_passkey(
        call.session, runtime.sealer, relying_party(runtime.settings), call.actor, **body
    )
