"""How a person is told to others, and to oneself."""

from typing import Any

from base import clock
from people.models import Identifier, Person


def wire_person(person: Person) -> dict[str, Any]:
    """A person as colleagues see one."""
    return {"id": str(person.id), "name": person.name}


def wire_account(person: Person) -> dict[str, Any]:
    """A person as oneself and administrators see one."""
    return wire_person(person) | {
        "email": person.email,
        "role": person.role,
        "locale": person.locale,
        "timezone": person.timezone,
        "created_at": clock.wire(person.created_at),
        "ended_at": clock.wire_or_none(person.ended_at),
    }


def wire_profile(person: Person, employee_number: str | None) -> dict[str, Any]:
    """What the employer knows of a person, as oneself and administrators see it."""
    first, last = person.employed_from, person.employed_until
    return {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "title": person.title,
        "employee_number": employee_number,
        "manager_id": None if person.manager_id is None else str(person.manager_id),
        "home_site_id": None if person.home_site_id is None else str(person.home_site_id),
        "languages": person.languages,
        "employed_from": None if first is None else first.isoformat(),
        "employed_until": None if last is None else last.isoformat(),
    }


def wire_identifier(identifier: Identifier) -> dict[str, Any]:
    """What a person signs in with, as oneself and administrators see it."""
    return {
        "id": str(identifier.id),
        "kind": identifier.kind,
        "value": identifier.value,
        "written": identifier.written,
        "created_at": clock.wire(identifier.created_at),
        "verified_at": clock.wire_or_none(identifier.verified_at),
    }
