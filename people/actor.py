"""Who is asking."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from people.permissions import ADMINISTRATOR, ORGANISATION_WIDE, SERVICE, VISITOR, Permission


@dataclass(frozen=True)
class Grant:
    """Permissions that somebody was given in a scope and its parts; in the organisation's own scope, everywhere."""

    scope_id: UUID
    permissions: frozenset[Permission]


@dataclass(frozen=True)
class Actor:
    """A signed-in person on a device. Every domain function that acts for somebody takes one."""

    person_id: UUID
    organisation_id: UUID
    session_id: UUID
    device_id: UUID
    role: str
    locale: str
    proven_at: datetime | None = None
    """When the person last proved who they are (`people/sign_in/fresh.py`)."""
    grants: tuple[Grant, ...] = ()
    """What they were given beside what they are."""

    @property
    def is_administrator(self) -> bool:
        """Whether the person administers the whole organisation."""
        return self.role == ADMINISTRATOR

    @property
    def is_visitor(self) -> bool:
        """Whether they belong to nothing but what they were let into: here for some hours, or a program."""
        return self.role in (VISITOR, SERVICE)

    @property
    def organisation_wide(self) -> frozenset[Permission]:
        """What they may do in the organisation as a whole, by what they are and by what they were given in it."""
        given = (grant.permissions for grant in self.grants if grant.scope_id == self.organisation_id)
        return ORGANISATION_WIDE[self.role].union(*given)

    def may(self, permission: Permission) -> bool:
        """Whether they may do this in the organisation as a whole."""
        return permission in self.organisation_wide
