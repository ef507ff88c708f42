"""Strangers who come in by a code at the gate."""

from tests.world import Organisation, Phone


def comes_as_visitor(org: Organisation, shown: str, status: int = 201) -> Phone:
    """Vera scans a code without an account, and has one for as long as the door says."""
    phone = Phone(org, "Vera")
    body = {"code": shown, "name": "Vera", "locale": "ko", "device": phone.app}
    answer = phone.post("/v1/visitors", body, status)
    phone.keeps(answer if status == 201 else {})
    return phone
