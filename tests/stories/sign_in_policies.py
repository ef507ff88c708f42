"""What an organisation asks of those who sign in."""

from typing import Any

from werkzeug.test import TestResponse

from tests.world import Organisation

PATH = "/v1/admin/sign-in-policy"


def rule(**asked: Any) -> dict[str, Any]:
    """A rule that asks for this alone."""
    nothing = {"factors": None, "second_factor": False, "session_seconds": None, "networks": None}
    return {**nothing, **asked}


def asks_of(
    org: Organisation, everyone: dict[str, Any] | None = None, **roles: dict[str, Any]
) -> TestResponse:
    """The administrator writes a policy in place of the one that is there."""
    body = {"everyone": rule(**(everyone or {})), "roles": {role: rule(**one) for role, one in roles.items()}}
    return writes(org, body)


def writes(org: Organisation, body: Any, etag: str = "*") -> TestResponse:
    """The same, with any body."""
    return org.admin.request("PUT", PATH, body, If_Match=etag)


def holds(org: Organisation, everyone: dict[str, Any] | None = None, **roles: dict[str, Any]) -> None:
    """A policy that is taken."""
    answer = asks_of(org, everyone, **roles)
    assert answer.status_code == 200, answer.get_data(as_text=True)
