"""The device that asks: where push reaches it, what it reports of pushes, and a push to try it."""

from typing import Any
from uuid import UUID

from api.pace import Pace
from api.route import Call, Routes
from people.models import Device as DeviceRow
from people.permissions import Permission
from people.sign_in import devices
from push.reports import receipts as reports
from push.reports import trials
from schemas.deliveries import DeliveryReports, ReportsTaken, TestPush
from schemas.people import Device, PushAddress

routes = Routes("devices", "Devices: where push reaches them")


@routes.route(
    "PUT",
    "/me/device/push",
    permission=Permission.ACCOUNT_USE,
    own_device=True,
    body=PushAddress,
    answer=Device,
)
def register_push_address(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Register or renew the address; a device that had it before loses it."""
    device = call.session.get_one(DeviceRow, call.actor.device_id)
    devices.register_push_address(call.session, device, body["address"], body["kind"])
    return devices.wire_device(device)


@routes.route("DELETE", "/me/device/push", permission=Permission.ACCOUNT_USE, status=204)
def remove_push_address(call: Call) -> None:
    """Stop push to this device."""
    devices.clear_push_address(call.session.get_one(DeviceRow, call.actor.device_id))
    call.session.flush()


@routes.route(
    "POST",
    "/me/device/reports",
    permission=Permission.ACCOUNT_USE,
    pace=Pace.BATCH,
    body=DeliveryReports,
    answer=ReportsTaken,
)
def report_deliveries(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Say which pushes this device received and which were opened. The first time of each stands."""
    return reports.report(call.session, call.actor, body["items"])


@routes.route("POST", "/me/device/push/test", permission=Permission.ACCOUNT_USE, answer=TestPush, status=201)
def send_test_push(call: Call) -> dict[str, Any]:
    """Send a push to this device, to see that it arrives: five within ten minutes."""
    return trials.send_test(call.session, call.actor)


@routes.route(
    "GET", "/me/device/push/test/<uuid:delivery_id>", permission=Permission.ACCOUNT_USE, answer=TestPush
)
def read_test_push(call: Call, delivery_id: UUID) -> dict[str, Any]:
    """How far a test push to this device got."""
    return trials.read_test(call.session, call.actor, delivery_id)
