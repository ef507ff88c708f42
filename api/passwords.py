"""One's password: changing it, and choosing a new one with a code."""

from typing import Any

from flask import request

from api.kept import Keep
from api.route import Call, Routes
from people.accounts import own_password
from people.accounts.resets import prove_code, redeem_code
from people.actor import Actor
from people.permissions import Permission
from people.runtime import Runtime
from schemas.passwords import PasswordChange, PasswordReset

routes = Routes("passwords", "Passwords: another one, a new one with a code")


def _exchanged(runtime: Runtime, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """The present password is checked, and the new one hashed, before the transaction that exchanges them."""
    present, new = body["current_password"], body["new_password"]
    proof, new_hash = own_password.prove_and_hash(runtime.database, actor, present, new)
    return {"proof": proof, "new_hash": new_hash}


def _redeemable(runtime: Runtime, body: dict[str, Any]) -> dict[str, Any]:
    """The same with a code instead of the present password."""
    return {"redemption": prove_code(runtime.database, **body, address=request.remote_addr)}


@routes.route(
    "PUT",
    "/me/password",
    permission=Permission.ACCOUNT_USE,
    secret=True,
    body=PasswordChange,
    prepare_for=_exchanged,
    status=204,
    audit=Keep.EACH,
)
def change_password(call: Call, body: dict[str, Any]) -> None:
    """Change one's password: all other sessions of one's end, this one goes on."""
    own_password.change_password(call.session, call.actor, **body)


@routes.route(
    "POST",
    "/password-resets",
    public=True,
    body=PasswordReset,
    prepare=_redeemable,
    status=204,
    audit=Keep.EACH,
)
def reset_password(call: Call, body: dict[str, Any]) -> None:
    """Choose a new password with a code from an administrator: all sessions end, and one signs in anew."""
    redeem_code(call.session, **body)
