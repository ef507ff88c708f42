"""Programs with a token of their own."""

from typing import Any

from tests.world import Organisation, Phone


class Program(Phone):
    """A service that asks as a phone does; `made` is the answer that made it."""

    def __init__(self, organisation: Organisation, made: dict[str, Any]) -> None:
        super().__init__(organisation, made["name"])
        self.made = made
        self.tokens = {"access_token": made["token"]}


def service(
    org: Organisation,
    *permissions: str,
    scopes: list[str] | None = None,
    name: str = "Access control",
    by: Phone | None = None,
) -> Program:
    """Make one that may so much in these scopes, or in the whole organisation."""
    return Program(
        org,
        (by or org.admin).post(
            "/v1/admin/services", wanted(org, *permissions, scopes=scopes, name=name), 201
        ),
    )


def wanted(
    org: Organisation, *permissions: str, scopes: list[str] | None = None, **more: Any
) -> dict[str, Any]:
    """The body that asks for one."""
    return {
        "name": "Access control",
        "permissions": list(permissions),
        "scope_ids": [str(org.id)] if scopes is None else scopes,
        **more,
    }
