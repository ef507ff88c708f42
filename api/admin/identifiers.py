"""What people sign in with, for administrators of the organisation."""

from typing import Any
from uuid import UUID

from api.route import Call, Routes
from people.accounts import addresses, identifiers
from people.accounts.persons import person_in
from people.permissions import Permission
from people.wire import wire_identifier
from schemas.records import Identifier, Identifiers, NewIdentifier

routes = Routes("admin-identifiers", "Administration: what people sign in with", "/v1/admin")
_ALL = "/people/<uuid:person_id>/identifiers"
_MAY = Permission.PEOPLE_MANAGE


@routes.route("GET", _ALL, permission=_MAY, answer=Identifiers)
def list_identifiers(call: Call, person_id: UUID) -> dict[str, Any]:
    """What somebody signs in with, the oldest first."""
    person = person_in(call.session, call.actor.organisation_id, person_id)
    return {"items": [wire_identifier(each) for each in identifiers.live_of(call.session, person.id)]}


@routes.route("POST", _ALL, permission=_MAY, fresh=True, body=NewIdentifier, answer=Identifier, status=201)
def add_identifier(call: Call, person_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Let somebody else sign in with something else, too; it takes a fresh proof."""
    added = addresses.add_for(call.session, call.actor, person_id, body["kind"], body["value"])
    call.notes(None, {"kind": added.kind, "identifier_id": str(added.id)})
    return wire_identifier(added)


@routes.route("DELETE", f"{_ALL}/<uuid:identifier_id>", permission=_MAY, fresh=True, status=204)
def end_identifier(call: Call, person_id: UUID, identifier_id: UUID) -> None:
    """Somebody else signs in with it no longer; it takes a fresh proof, and the last one stays."""
    addresses.end_for(call.session, call.actor, person_id, identifier_id)
    call.notes({"identifier_id": str(identifier_id)}, None)
