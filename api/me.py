"""Who I am to the organisation, and what others see of me."""

from typing import Any

from api.kept import Keep
from api.route import Call, Routes
from people.accounts import addresses, profile
from people.accounts.own_password import prove
from people.actor import Actor
from people.permissions import Permission
from people.runtime import Runtime
from people.wire import wire_account
from schemas.people import Account, Me, OwnAddressChange, ProfileEdit

routes = Routes("me", "Me: who I am, where I belong")


@routes.route("GET", "/me", permission=Permission.ACCOUNT_USE, answer=Me)
def read_me(call: Call) -> dict[str, Any]:
    """All that an app needs at its start."""
    return profile.me(call.session, call.actor)


@routes.route(
    "PATCH", "/me", permission=Permission.ACCOUNT_USE, body=ProfileEdit, answer=Me, audit=Keep.NOTED
)
def edit_me(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Change one's name, language or time zone, or who sees whether one is online (`last_seen`)."""
    former = profile.edit_me(call.session, call.actor, body)
    if "name" in body and body["name"] != former:
        call.notes({"name": former}, {"name": body["name"]})
    return profile.me(call.session, call.actor)


def _proven(runtime: Runtime, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """The password is checked before the transaction that changes the address."""
    return {"email": body["email"], "proof": prove(runtime.database, actor, body["password"])}


@routes.route(
    "PUT",
    "/me/email",
    permission=Permission.ACCOUNT_USE,
    secret=True,
    body=OwnAddressChange,
    prepare_for=_proven,
    answer=Account,
    audit=Keep.EACH,
)
def change_own_address(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Change the address that one signs in with; it takes the password. All sessions go on."""
    return wire_account(addresses.change_own_address(call.session, call.actor, **body))
