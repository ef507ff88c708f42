"""Codes and beacons at doors, and who scans them."""

from typing import Any

from tests.world import Organisation, Phone

BEACON = {"uuid": "f7826da6-4fa2-4e98-8024-bc5b71e0893e", "major": 1, "minor": 7}


def marker(org: Organisation, place: str, kind: str = "printed", **members: Any) -> str:
    """Put a marker at a place's door; returns its id."""
    body = {"kind": kind, "name": "Door", **members}
    return org.admin.post(f"/v1/admin/places/{place}/markers", body, 201)["id"]


def code(org: Organisation, marker_id: str) -> str:
    """What a marker shows now."""
    return org.admin.get(f"/v1/admin/markers/{marker_id}/code")["code"]


def scans(phone: Phone, shown: str, status: int = 201) -> Any:
    """Check in with a code."""
    return phone.post("/v1/me/check-ins", {"kind": "code", "code": shown}, status)


def comes(org: Organisation, phone: Phone, place: str) -> None:
    """Scan a code at a place's door."""
    scans(phone, code(org, marker(org, place)))


def hears_the_beacon(phone: Phone, status: int = 201) -> Any:
    """Check in with the beacon."""
    return phone.post("/v1/me/check-ins", {"kind": "beacon", "beacon": BEACON}, status)
