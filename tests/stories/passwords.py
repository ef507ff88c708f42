"""People who change their password, forget it, and come in again."""

from typing import Any

from werkzeug.test import TestResponse

from tests.world import PASSWORD, Organisation, Phone

NEW = "a stable for three horses"


def tries_to_sign_in(org: Organisation, email: str, password: str = PASSWORD) -> TestResponse:
    """Somebody at a phone of their own, with what they take for the password."""
    phone = Phone(org, "Somebody")
    body = {"organisation": org.slug, "email": email, "password": password, "device": phone.app}
    return phone.request("POST", "/v1/sessions", body)


def can_sign_in(org: Organisation, email: str, password: str = PASSWORD) -> bool:
    """Whether that is let in."""
    return tries_to_sign_in(org, email, password).status_code == 201


def changes_password(phone: Phone, current: str, new: str, status: int = 204) -> Any:
    """By oneself."""
    return phone.put("/v1/me/password", {"current_password": current, "new_password": new}, status)


def changes_address(phone: Phone, email: str, password: str = PASSWORD, status: int = 200) -> Any:
    """By oneself."""
    return phone.put("/v1/me/email", {"email": email, "password": password}, status)


def reset_code(admin: Phone, person_id: str) -> str:
    """What an administrator tells somebody who has forgotten their password."""
    return admin.post(f"/v1/admin/people/{person_id}/reset-code", None, 201)["code"]


def redeems(org: Organisation, email: str, code: str, password: str = NEW, status: int = 204) -> Any:
    """Somebody gives a code for a new password, on a phone where nobody is signed in."""
    body = {"organisation": org.slug, "email": email, "code": code, "new_password": password}
    return Phone(org, "Somebody").post("/v1/password-resets", body, status)


def joins(org: Organisation, name: str, email: str) -> Phone:
    """Somebody accepts an invitation with an address of their choice."""
    code = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)["code"]
    phone = Phone(org, name)
    body = {"code": code, "email": email, "name": name, "password": PASSWORD, "device": phone.app}
    phone.keeps(phone.post("/v1/invitations/accept", body, 201))
    return phone


def guesses_in_vain(phone: Phone, times: int) -> list[int]:
    """What somebody with a stolen access token is answered, who guesses at the password."""
    body = {"current_password": "a guess that is wrong", "new_password": NEW}
    return [phone.request("PUT", "/v1/me/password", body).status_code for _ in range(times)]


def hears_of(phone: Phone, position: int) -> list[tuple[str, str | None]]:
    """What has changed about how somebody signs in since a position, as their phone is told it, and who did it."""
    told = (event for event in phone.syncs(position) if event["type"] == "sign_in.changed")
    return [(event["data"]["what"], event["actor_id"]) for event in told]
