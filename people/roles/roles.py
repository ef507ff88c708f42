"""The roles that can be given: those that there always are, and those that an organisation makes of permissions.

A role is named by its key: `moderator`, or the id of one of the organisation's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from base.database import AnyRow
from base.errors import Invalid
from people.models import CustomRole
from people.permissions import GIVEN, Permission, is_organisation_wide

_PERMISSIONS = {permission.value: permission for permission in Permission}


@dataclass(frozen=True)
class Role:
    """A role that can be given. `name`: of one of the organisation's own."""

    key: str
    permissions: frozenset[Permission]
    custom_id: UUID | None = None
    name: str | None = None

    @property
    def is_organisation_wide(self) -> bool:
        """Whether it allows what is asked of the organisation as a whole, and so is given for all of it."""
        return any(map(is_organisation_wide, self.permissions))


def role_of(session: Session, organisation_id: UUID, key: str) -> Role:
    """The role of a key; raises `Invalid` where there is none, or none any more, that could be given."""
    if key in GIVEN:
        return Role(key, GIVEN[key])
    custom = _custom(session, key)
    if custom is None or custom.organisation_id != organisation_id or custom.ended_at is not None:
        raise Invalid.at("/role", "There is no such role to give.", code="role_not_found")
    return as_role(custom)


def as_role(custom: CustomRole) -> Role:
    """One of the organisation's own."""
    return Role(str(custom.id), allowed_by(custom), custom.id, custom.name)


def allowed_by(custom: CustomRole) -> frozenset[Permission]:
    """What one of the organisation's own allows; what a newer release knows besides is nothing here."""
    return permissions_named(custom.permissions)


def permissions_of(row: AnyRow) -> frozenset[Permission]:
    """What a role that somebody has allows (its `role`, or the `permissions` of one of the organisation's own)."""
    return GIVEN[row.role] if row.role else permissions_named(row.permissions)


def permissions_named(names: Iterable[str]) -> frozenset[Permission]:
    """The permissions of these names, those alone that there are."""
    return frozenset(_PERMISSIONS[each] for each in names if each in _PERMISSIONS)


def _custom(session: Session, key: str) -> CustomRole | None:
    try:
        return session.get(CustomRole, UUID(key))
    except ValueError:
        return None
