"""How a person is told to others, and to oneself."""

from typing import Any

from base import clock
from people.models import Person


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
