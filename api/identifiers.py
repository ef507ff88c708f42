"""What one signs in with: several identifiers, each of which is as good as the others."""

from typing import Any
from uuid import UUID

from api.kept import Keep
from api.pace import Pace
from api.route import Call, Routes
from people.accounts import addresses
from people.permissions import Permission
from people.wire import wire_identifier
from schemas.records import Identifier, Identifiers, OwnNewIdentifier

routes = Routes("identifiers", "Identifiers: what I sign in with")


@routes.route("GET", "/me/identifiers", permission=Permission.ACCOUNT_USE, answer=Identifiers)
def list_own_identifiers(call: Call) -> dict[str, Any]:
    """What one signs in with, the oldest first."""
    return {"items": [wire_identifier(each) for each in addresses.own_identifiers(call.session, call.actor)]}


@routes.route(
    "POST",
    "/me/identifiers",
    permission=Permission.ACCOUNT_USE,
    pace=Pace.CODE,
    fresh=True,
    body=OwnNewIdentifier,
    answer=Identifier,
    status=201,
    audit=Keep.EACH,
)
def add_own_identifier(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with another address, telephone number or user name, too; it takes a fresh proof."""
    added = addresses.add_own(call.session, call.actor, body["kind"], body["value"])
    call.notes(None, {"kind": added.kind, "identifier_id": str(added.id)})
    return wire_identifier(added)


@routes.route(
    "DELETE",
    "/me/identifiers/<uuid:identifier_id>",
    permission=Permission.ACCOUNT_USE,
    fresh=True,
    status=204,
    audit=Keep.EACH,
)
def end_own_identifier(call: Call, identifier_id: UUID) -> None:
    """Sign in with it no longer; it takes a fresh proof, and the last one stays."""
    addresses.end_own(call.session, call.actor, identifier_id)
    call.notes({"identifier_id": str(identifier_id)}, None)
