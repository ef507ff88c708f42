"""Shared devices, for administrators of the organisation."""

from typing import Any
from uuid import UUID

from api.pace import Pace
from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from people.shared_devices import enrolment
from people.shared_devices.enrolment import wire_shared_device
from schemas.base import Cursor
from schemas.shared_devices import (
    NewSharedDevice,
    SharedDevice,
    SharedDeviceEdit,
    SharedDevicePage,
    SharedDeviceWithCode,
)

routes = Routes("admin-shared-devices", "Administration: shared devices", "/v1/admin")


@routes.route(
    "GET",
    "/shared-devices",
    permission=Permission.SHARED_DEVICES_MANAGE,
    query=Cursor,
    answer=SharedDevicePage,
)
def list_shared_devices(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The organisation's shared devices in the order of their making."""
    after = decode_cursor(query["cursor"], by_moment)
    found = enrolment.list_shared_devices(call.session, call.actor, after, query["limit"])
    items = [wire_shared_device(device) for device in found]
    return page(items, query["limit"], lambda: (found[-1].created_at.isoformat(), str(found[-1].id)))


@routes.route(
    "POST",
    "/shared-devices",
    permission=Permission.SHARED_DEVICES_MANAGE,
    fresh=True,
    secret=True,
    pace=Pace.INVITE,
    body=NewSharedDevice,
    answer=SharedDeviceWithCode,
    status=201,
)
def add_shared_device(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """A shared device for a site, and the code with which a tablet becomes it: good once, for 15 minutes."""
    device, code = enrolment.add_shared_device(call.session, call.actor, **body)
    call.notes(None, wire_shared_device(device))
    return wire_shared_device(device) | {"code": code}


@routes.route(
    "POST",
    "/shared-devices/<uuid:shared_device_id>/code",
    permission=Permission.SHARED_DEVICES_MANAGE,
    fresh=True,
    secret=True,
    pace=Pace.INVITE,
    answer=SharedDeviceWithCode,
    status=201,
)
def renew_code(call: Call, shared_device_id: UUID) -> dict[str, Any]:
    """Another code, for a tablet that takes the place of the one before."""
    device, code = enrolment.renew_code(call.session, call.actor, shared_device_id)
    return wire_shared_device(device) | {"code": code}


@routes.route(
    "PATCH",
    "/shared-devices/<uuid:shared_device_id>",
    permission=Permission.SHARED_DEVICES_MANAGE,
    body=SharedDeviceEdit,
    answer=SharedDevice,
)
def edit_shared_device(call: Call, shared_device_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Give it another name, or another pause."""
    before = wire_shared_device(enrolment.shared_device(call.session, call.actor, shared_device_id))
    after = wire_shared_device(enrolment.edit_shared_device(call.session, call.actor, shared_device_id, body))
    call.notes(before, after)
    return after


@routes.route(
    "DELETE",
    "/shared-devices/<uuid:shared_device_id>",
    permission=Permission.SHARED_DEVICES_MANAGE,
    status=204,
)
def end_shared_device(call: Call, shared_device_id: UUID) -> None:
    """Nobody signs in on it any more; whoever is signed in is signed out."""
    device = enrolment.shared_device(call.session, call.actor, shared_device_id)
    call.notes(wire_shared_device(device), None)
    enrolment.end_shared_device(call.session, call.actor, shared_device_id)
