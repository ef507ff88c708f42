"""The device that asks, and where push reaches it."""

from typing import Any

from api.route import Call, Routes
from people import devices
from people.models import Device as DeviceRow
from people.permissions import Permission
from schemas.people import Device, PushAddress

routes = Routes("devices", "Devices: where push reaches them")


@routes.route("PUT", "/me/device/push", permission=Permission.ACCOUNT_USE, body=PushAddress, answer=Device)
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
