"""Services: programs that ask with a token of their own, for those who manage them."""

from typing import Any
from uuid import UUID

from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from people.services import services
from schemas.services import NewService, Service, ServicePage, ServiceQuery

routes = Routes("admin-services", "Administration: services", "/v1/admin")
_MANAGE = Permission.SERVICES_MANAGE


@routes.route(
    "POST",
    "/services",
    permission=_MANAGE,
    body=NewService,
    answer=Service,
    status=201,
    secret=True,
    fresh=True,
)
def create_service(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Make a service, which may no more than you do. Its token is shown in this answer, and never again."""
    made = services.make_service(call.session, call.actor, **body)
    call.notes(None, _noted(made))
    return made


@routes.route("GET", "/services", permission=_MANAGE, query=ServiceQuery, answer=ServicePage)
def list_services(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The organisation's services in the order of their making, with when each was used last."""
    after = decode_cursor(query["cursor"], by_moment)
    found = services.list_services(call.session, call.actor.organisation_id, after, query["limit"])
    items = [services.wire_service(service, name) for service, name in found]
    return page(items, query["limit"], lambda: (found[-1][0].created_at.isoformat(), str(found[-1][0].id)))


@routes.route("GET", "/services/<uuid:service_id>", permission=_MANAGE, answer=Service)
def read_service(call: Call, service_id: UUID) -> dict[str, Any]:
    """One of them."""
    return services.read_service(call.session, call.actor, service_id)


@routes.route(
    "POST",
    "/services/<uuid:service_id>/token",
    permission=_MANAGE,
    answer=Service,
    status=201,
    secret=True,
    fresh=True,
)
def change_service_token(call: Call, service_id: UUID) -> dict[str, Any]:
    """Give a service another token, shown once; the one before is worthless at once."""
    changed = services.change_token(call.session, call.actor, service_id)
    call.notes(_noted(changed), _noted(changed))
    return changed


@routes.route("DELETE", "/services/<uuid:service_id>", permission=_MANAGE, status=204)
def end_service(call: Call, service_id: UUID) -> None:
    """End a service at once: no request with its token is answered any more."""
    before = services.read_service(call.session, call.actor, service_id)
    services.end_service(call.session, call.actor, service_id)
    call.notes(_noted(before), None)


def _noted(service: dict[str, Any]) -> dict[str, Any]:
    return {member: service[member] for member in ("permissions", "scope_ids", "expires_at")}
