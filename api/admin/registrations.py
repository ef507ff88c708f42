"""Those who registered by themselves, and the decisions about who waits."""

from typing import Any
from uuid import UUID

from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from people.registration import deciding
from people.registration.deciding import wire_registration
from schemas.registrations import Registration, RegistrationPage, RegistrationQuery

routes = Routes("admin-registrations", "Administration: registrations", "/v1/admin")
_MANAGE = Permission.PEOPLE_MANAGE
_ONE = "/registrations/<uuid:registration_id>"


@routes.route("GET", "/registrations", permission=_MANAGE, query=RegistrationQuery, answer=RegistrationPage)
def list_registrations(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Registrations in one state, the oldest first: those who wait, unless another state is named."""
    after = decode_cursor(query["cursor"], by_moment)
    found = deciding.list_registrations(call.session, call.actor, query["state"], after, query["limit"])
    items = [wire_registration(each) for each in found]
    return page(items, query["limit"], lambda: (found[-1].created_at.isoformat(), str(found[-1].id)))


@routes.route("GET", _ONE, permission=_MANAGE, answer=Registration)
def read_registration(call: Call, registration_id: UUID) -> dict[str, Any]:
    """Somebody who registered."""
    return wire_registration(deciding.registration_in(call.session, call.actor, registration_id))


@routes.route("POST", f"{_ONE}/approve", permission=_MANAGE, answer=Registration)
def approve_registration(call: Call, registration_id: UUID) -> dict[str, Any]:
    """Let them in: the account is open, and a mail tells them."""
    return _decide(call, registration_id, deciding.approve)


@routes.route("POST", f"{_ONE}/refuse", permission=_MANAGE, answer=Registration)
def refuse_registration(call: Call, registration_id: UUID) -> dict[str, Any]:
    """Do not let them in; a mail tells them."""
    return _decide(call, registration_id, deciding.refuse)


def _decide(call: Call, registration_id: UUID, decide: Any) -> dict[str, Any]:
    registration = deciding.registration_in(call.session, call.actor, registration_id, held=True)
    before = deciding.noted(registration)
    decide(call.session, call.actor, call.runtime.sealer, registration)
    call.notes(before, deciding.noted(registration))
    return wire_registration(registration)
