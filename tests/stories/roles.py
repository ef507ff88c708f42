"""Roles that people give one another, and roles that organisations make."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from base import clock
from people.roles.ending import end_expired_roles
from people.roles.operators import name_officer
from tests.world import Organisation, Phone

_RUN_OUT = (
    "UPDATE role_grants SET ends_at = :now WHERE id = :id AND ends_at IS NOT NULL",
    "UPDATE persons SET role_ends_at = :now WHERE id = :id AND role_ends_at IS NOT NULL",
    "UPDATE memberships SET role_ends_at = :now WHERE id = :id AND role_ends_at IS NOT NULL",
)


def gives(
    giver: Phone,
    person: Phone,
    role: str,
    scope: str | None = None,
    *,
    until: datetime | None = None,
    status: int = 201,
) -> dict[str, Any]:
    """Give somebody a role in a scope, or for the whole organisation; returns the grant, or the refusal."""
    ends_at = None if until is None else clock.wire(until)
    body = {"person_id": person.id, "role": role, "scope_id": scope, "ends_at": ends_at}
    return giver.post("/v1/admin/role-grants", body, status)


def takes(giver: Phone, grant: dict[str, Any], status: int = 204) -> Any:
    """Take a role away."""
    return giver.delete(f"/v1/admin/role-grants/{grant['id']}", status)


def given(giver: Phone, scope: str | None = None, person: Phone | None = None) -> list[dict[str, Any]]:
    """Who has which role, in a scope and its parts or anywhere."""
    asked = {"scope_id": scope, "person_id": None if person is None else person.id}
    query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
    return giver.get(f"/v1/admin/role-grants?{query}")["items"]


def makes_role(maker: Phone, name: str, *permissions: str, status: int = 201) -> dict[str, Any]:
    """Make a role of permissions."""
    return maker.post("/v1/admin/roles", {"name": name, "permissions": list(permissions)}, status)


def officer(org: Organisation, name: str = "Olga") -> Phone:
    """Somebody new whom an operator names compliance officer."""
    phone = org.person(name)
    names_officer(org, f"{name.lower()}@example.com")
    return phone


def names_officer(org: Organisation, address: str) -> None:
    """The operator's command."""
    with org.world.worker.transaction() as session:
        name_officer(session, org.slug, address)


def explained(admin: Phone, person: Phone) -> list[dict[str, Any]]:
    """Why somebody may do what they may."""
    return admin.get(f"/v1/admin/people/{person.id}/access")["items"]


def runs_out(org: Organisation, grant: dict[str, Any]) -> None:
    """The time of a role is over; nobody has come by to write it down yet."""
    found = {"id": UUID(grant["id"]), "now": clock.now()}
    with org.world.worker.transaction() as session:
        for statement in _RUN_OUT:
            session.execute(text(statement), found)


def tidies(org: Organisation) -> None:
    """The worker comes by."""
    with org.world.worker.transaction() as session:
        end_expired_roles(session)
