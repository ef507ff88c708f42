"""One's password: changing it, and choosing a new one with a code."""

from typing import Any

from api.route import Call, Routes
from people.accounts import own_password
from people.accounts.resets import redeem_code
from people.permissions import Permission
from schemas.passwords import PasswordChange, PasswordReset

routes = Routes("passwords", "Passwords: another one, a new one with a code")


@routes.route(
    "PUT", "/me/password", permission=Permission.ACCOUNT_USE, secret=True, body=PasswordChange, status=204
)
def change_password(call: Call, body: dict[str, Any]) -> None:
    """Change one's password: all other sessions of one's end, this one goes on."""
    own_password.change_password(call.session, call.actor, **body)


@routes.route("POST", "/password-resets", public=True, body=PasswordReset, status=204)
def reset_password(call: Call, body: dict[str, Any]) -> None:
    """Choose a new password with a code from an administrator: all sessions end, and one signs in anew."""
    redeem_code(call.session, **body)
