"""People who invite, and people who come in by it."""

import csv
import io
from typing import Any

from werkzeug.test import TestResponse

from tests.world import PASSWORD, Organisation, Phone


def invites(by: Phone, status: int = 201, **wanted: Any) -> Any:
    """Make an invitation; returns what is told of it, or why there is none."""
    return by.post("/v1/admin/invitations", wanted, status)


def redeems(
    org: Organisation, code: str, status: int = 201, phone: Phone | None = None, **given: Any
) -> Phone:
    """Somebody redeems a code on a phone; they are signed in on it then."""
    phone = phone or Phone(org, given.get("name", "Somebody"))
    answer = phone.post(
        "/v1/invitations/accept", {"code": code, "password": PASSWORD, "device": phone.app, **given}, status
    )
    if status == 201:
        phone.keeps(answer)
    return phone


def is_refused(org: Organisation, code: str, status: int = 422, **given: Any) -> str:
    """As which problem a code is refused."""
    phone = Phone(org, "Somebody")
    body = {"code": code, "password": PASSWORD, "device": phone.app, **given}
    return phone.post("/v1/invitations/accept", body, status)["code"]


def invites_file(by: Phone, table: str | bytes, query: str = "") -> TestResponse:
    """Invite the people of a table."""
    raw = table if isinstance(table, bytes) else table.encode()
    client = by.organisation.world.app.test_client()
    headers = {"Authorization": f"Bearer {by.tokens['access_token']}"}
    path = f"/v1/admin/invitations/csv{query}"
    return client.post(path, data=raw, content_type="text/csv", headers=headers)


def lines_of(answer: TestResponse) -> list[dict[str, str]]:
    """The rows of the table that comes back."""
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def faults_of(answer: TestResponse) -> list[str]:
    """Where the faults of a table are."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return [fault["pointer"] for fault in answer.get_json()["errors"]]


def identifiers_of(phone: Phone) -> dict[str, bool]:
    """What somebody signs in with, and whether it is verified."""
    items = phone.get("/v1/me/identifiers")["items"]
    return {item["value"]: item["verified_at"] is not None for item in items}
