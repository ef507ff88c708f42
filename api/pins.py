"""One's PIN for shared devices."""

from typing import Any

from api.kept import Keep
from api.route import Call, Routes
from people.actor import Actor
from people.permissions import Permission
from people.runtime import Runtime
from people.shared_devices import pins
from schemas.shared_devices import NewPin, PinState

routes = Routes("pins", "PINs: for shared devices")


@routes.route("GET", "/me/pin", permission=Permission.ACCOUNT_USE, answer=PinState)
def read_my_pin(call: Call) -> dict[str, Any]:
    """Whether I have a PIN, and whether it is good."""
    return pins.wire_pin(call.session, call.actor.person_id)


def _hashed(_runtime: Runtime, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """The PIN is hashed before the transaction that keeps it."""
    return {"pin_hash": pins.hashed_pin(actor, body["pin"])}


@routes.route(
    "PUT",
    "/me/pin",
    permission=Permission.ACCOUNT_USE,
    own_device=True,
    fresh=True,
    secret=True,
    body=NewPin,
    prepare_for=_hashed,
    status=204,
    audit=Keep.EACH,
)
def set_my_pin(call: Call, body: dict[str, Any]) -> None:
    """Choose a PIN: not one figure again and again, nor figures in a row. A locked one is good again with that."""
    pins.set_pin(call.session, call.actor, **body)


@routes.route(
    "DELETE", "/me/pin", permission=Permission.ACCOUNT_USE, own_device=True, status=204, audit=Keep.EACH
)
def remove_my_pin(call: Call) -> None:
    """Have no PIN any more: then nobody signs in as me on shared devices."""
    pins.remove_pin(call.session, call.actor, call.actor.person_id)
