"""Others' passkeys, for administrators: whose phone is lost."""

from typing import Any
from uuid import UUID

from api.route import Call, Routes
from people.accounts.managed import managed_person
from people.accounts.persons import person_in
from people.factors import passkeys
from people.permissions import Permission
from schemas.passkeys import Passkeys

routes = Routes("admin-passkeys", "Administration: passkeys of others", "/v1/admin")


@routes.route(
    "GET", "/people/<uuid:person_id>/passkeys", permission=Permission.PEOPLE_MANAGE, answer=Passkeys
)
def list_passkeys_of(call: Call, person_id: UUID) -> dict[str, Any]:
    """A person's passkeys, the oldest first."""
    person = person_in(call.session, call.actor.organisation_id, person_id)
    return {
        "items": [passkeys.wire_passkey(passkey) for passkey in passkeys.passkeys_of(call.session, person.id)]
    }


@routes.route(
    "DELETE",
    "/people/<uuid:person_id>/passkeys/<uuid:passkey_id>",
    permission=Permission.PEOPLE_MANAGE,
    fresh=True,
    status=204,
)
def remove_passkey_of(call: Call, person_id: UUID, passkey_id: UUID) -> None:
    """Take away a passkey of somebody else, who hears of it. Sessions that it began go on until they are ended."""
    person = managed_person(call.session, call.actor, person_id)
    passkeys.remove_passkey_of(call.session, call.actor, person, passkey_id)
    call.notes({"passkey_id": str(passkey_id)}, None)
