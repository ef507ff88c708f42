"""Who was given a permission somewhere, by a role beside what they are."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, or_, select

from people.models import CustomRole, RoleGrant
from people.permissions import GIVEN, Permission


def live_grant(of: type[RoleGrant] = RoleGrant) -> list[ColumnElement[bool]]:
    """The conditions for a grant that holds now; one whose time is over counts as ended."""
    return [of.ended_at.is_(None), or_(of.ends_at.is_(None), of.ends_at > func.now())]


def holders_of(permission: Permission, scope_ids: Sequence[UUID]) -> Select[UUID]:
    """The persons who were given a permission in one of these scopes, as a statement.

    Above them counts what is among the scopes alone: name the site with its zone, and the organisation's own.
    """
    held = (RoleGrant.scope_id.in_(scope_ids), *live_grant(), _allows(permission))
    return select(RoleGrant.person_id).outerjoin(CustomRole, _which()).where(*held)


def was_given(
    permission: Permission,
    scope_ids: Sequence[UUID],
    person: SQLColumnExpression[UUID],
    at: SQLColumnExpression[datetime],
) -> ColumnElement[bool]:
    """Whether a person had a permission in one of these scopes at a time, as far as roles of today say."""
    over = func.least(RoleGrant.ended_at, RoleGrant.ends_at)
    then = and_(RoleGrant.given_at <= at, or_(over.is_(None), over >= at))
    of_person = (RoleGrant.person_id == person, RoleGrant.scope_id.in_(scope_ids), then, _allows(permission))
    return select(RoleGrant.id).outerjoin(CustomRole, _which()).where(*of_person).exists()


def _which() -> ColumnElement[bool]:
    return CustomRole.id == RoleGrant.custom_role_id


def _allows(permission: Permission) -> ColumnElement[bool]:
    always = [role for role, allowed in GIVEN.items() if permission in allowed]
    return or_(RoleGrant.role.in_(always), CustomRole.permissions.contains([permission.value]))
