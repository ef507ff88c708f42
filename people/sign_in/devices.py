"""Devices: installed apps. A device belongs to whoever signed in on it last, and has one push address."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from base import clock, ids
from people.models import Device


def wire_device(device: Device) -> dict[str, Any]:
    """A device as its owner sees it; the push address itself is never shown again."""
    return {
        "id": str(device.id),
        "installation_id": device.installation_id,
        "platform": device.platform,
        "name": device.name,
        "locale": device.locale,
        "app_version": device.app_version,
        "push": {
            "registered": device.push_address is not None,
            "kind": device.push_address_kind,
            "registered_at": clock.wire_or_none(device.push_address_at),
        },
        "last_seen_at": clock.wire(device.last_seen_at),
    }


def take_device(session: Session, organisation_id: UUID, person_id: UUID, app: dict[str, Any]) -> Device:
    """The device that signs in now: made on first sight, handed over when another person had it.

    A device that changes hands loses its push address, so that the former person's notifications never show on it;
    likewise where they are of another organisation, which knows the same phone as a device of its own.
    """
    device = session.scalars(
        select(Device)
        .where(
            Device.organisation_id == organisation_id,
            Device.installation_id == app["installation_id"],
        )
        .with_for_update()
    ).one_or_none()
    if device is None:
        device = Device(
            id=ids.new_id(), organisation_id=organisation_id, installation_id=app["installation_id"]
        )
        session.add(device)
    elif device.person_id != person_id:
        clear_push_address(device)
    device.person_id = person_id
    device.last_seen_at = clock.now()
    for field in ("platform", "name", "locale", "app_version"):
        setattr(device, field, app.get(field))
    session.flush()
    session.execute(
        text("SELECT release_installation(:installation, :keeper)"),
        {"installation": device.installation_id, "keeper": device.id},
    )
    return device


def register_push_address(session: Session, device: Device, address: str, kind: str) -> None:
    """Give the device its address; a device that had it before loses it, in whatever organisation."""
    session.execute(
        text("SELECT release_push_address(:address, :keeper)"), {"address": address, "keeper": device.id}
    )
    device.push_address, device.push_address_kind = address, kind
    device.push_address_at = clock.now()
    session.flush()


def clear_push_address(device: Device) -> None:
    """Forget where the device is reached."""
    device.push_address = device.push_address_kind = device.push_address_at = None
