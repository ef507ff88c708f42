"""What people sign in with, and people whom an administrator writes down before they come in."""

from typing import Any

from werkzeug.test import TestResponse

from tests.world import PASSWORD, Organisation, Phone

NUMBER = "010-1234-5678"


def adds(phone: Phone, kind: str, value: str, status: int = 201) -> Any:
    """By oneself."""
    return phone.post("/v1/me/identifiers", {"kind": kind, "value": value}, status)


def gives(admin: Phone, person_id: str, kind: str, value: str, status: int = 201) -> Any:
    """To another person."""
    return admin.post(f"/v1/admin/people/{person_id}/identifiers", {"kind": kind, "value": value}, status)


def values_of(phone: Phone) -> list[str]:
    """The forms of what somebody signs in with."""
    return [each["value"] for each in phone.get("/v1/me/identifiers")["items"]]


def named(phone: Phone, value: str) -> str:
    """The id of one of them."""
    items = phone.get("/v1/me/identifiers")["items"]
    return next(each["id"] for each in items if each["value"] == value)


def enters(org: Organisation, identifier: str, password: str = PASSWORD) -> TestResponse:
    """Somebody signs in with what they type, on a phone of their own."""
    phone = Phone(org, "Somebody")
    body = {"organisation": org.slug, "identifier": identifier, "password": password, "device": phone.app}
    return phone.request("POST", "/v1/sessions", body)


def lets_in(org: Organisation, identifier: str, password: str = PASSWORD) -> bool:
    """Whether that is let in."""
    return enters(org, identifier, password).status_code == 201


def writes_down(
    org: Organisation, name: str, phone: str | None = NUMBER, status: int = 201, **profile: Any
) -> Any:
    """An administrator makes an account for somebody who has a telephone number and nothing else."""
    given = [] if phone is None else [{"kind": "phone", "value": phone}]
    return org.admin.post(
        "/v1/admin/people", {"name": name, "identifiers": given, "profile": profile}, status
    )


def chooses(
    org: Organisation, identifier: str, code: str, password: str = PASSWORD, status: int = 204
) -> Any:
    """Somebody gives a code for a new password, or for their first."""
    body = {"organisation": org.slug, "identifier": identifier, "code": code, "new_password": password}
    return Phone(org, "Somebody").post("/v1/password-resets", body, status)


def comes_in(org: Organisation, name: str, phone: str = NUMBER, **profile: Any) -> Phone:
    """Somebody who was written down chooses a password with a code, and signs in by telephone number."""
    person_id = writes_down(org, name, phone, **profile)["id"]
    code = org.admin.post(f"/v1/admin/people/{person_id}/reset-code", None, 201)["code"]
    chooses(org, phone, code)
    app = Phone(org, name)
    answer = enters(org, phone)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    app.keeps(answer.get_json())
    return app


def edits(org: Organisation, person_id: str, status: int = 200, **profile: Any) -> Any:
    """An administrator changes what is kept of somebody, as it stands."""
    path = f"/v1/admin/people/{person_id}"
    tag = org.admin.request("GET", path).headers["ETag"]
    return org.admin.patch(path, {"profile": profile}, status, If_Match=tag)
