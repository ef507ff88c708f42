"""Others' PINs and badges, for administrators."""

from typing import Any
from uuid import UUID

from api.route import Call, Routes
from people.accounts.persons import person_in
from people.permissions import Permission
from people.shared_devices import pins
from schemas.shared_devices import BadgeText, PinState

routes = Routes("admin-pins", "Administration: PINs and badges", "/v1/admin")


@routes.route("GET", "/people/<uuid:person_id>/pin", permission=Permission.PEOPLE_MANAGE, answer=PinState)
def read_pin_of(call: Call, person_id: UUID) -> dict[str, Any]:
    """Whether a person has a PIN and a badge, and whether the PIN is locked."""
    return pins.wire_pin(call.session, person_in(call.session, call.actor.organisation_id, person_id).id)


@routes.route("DELETE", "/people/<uuid:person_id>/pin", permission=Permission.PEOPLE_MANAGE, status=204)
def remove_pin_of(call: Call, person_id: UUID) -> None:
    """Take away a person's PIN, who chooses another one."""
    pins.remove_pin_of(call.session, call.actor, person_id)


@routes.route(
    "PUT",
    "/people/<uuid:person_id>/badge",
    permission=Permission.PEOPLE_MANAGE,
    fresh=True,
    secret=True,
    body=BadgeText,
    status=204,
)
def give_badge(call: Call, person_id: UUID, body: dict[str, Any]) -> None:
    """Say which badge is the person's, in place of one before. It names them on shared devices; the PIN is theirs."""
    pins.give_badge(call.session, call.runtime.settings, call.actor, person_id, body["badge"])


@routes.route("DELETE", "/people/<uuid:person_id>/badge", permission=Permission.PEOPLE_MANAGE, status=204)
def take_badge(call: Call, person_id: UUID) -> None:
    """The badge names nobody any more."""
    pins.take_badge(call.session, call.actor, person_id)
