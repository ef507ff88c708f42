"""What somebody was given, as part of the one statement that says who asks: no request takes another for it."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from base.database import table_of
from people.actor import Grant
from people.models import CustomRole, RoleGrant
from people.permissions import GIVEN, Permission

_grants, _customs = table_of(RoleGrant), table_of(CustomRole)
_PERMISSIONS = {permission.value: permission for permission in Permission}
Rows = list[tuple[str, str | None, list[str] | None]]


def given_to(person_id: ColumnElement[UUID]) -> ColumnElement[Any]:
    """The live grants of a person as one column, for `grants_of`: scope, role, permissions of one of one's own."""
    one = func.jsonb_build_array(_grants.c.scope_id, _grants.c.role, _customs.c.permissions)
    return (
        select(func.jsonb_agg(one))
        .select_from(_grants.outerjoin(_customs, _customs.c.id == _grants.c.custom_role_id))
        .where(_grants.c.person_id == person_id, _grants.c.ended_at.is_(None))
        .where(func.coalesce(_grants.c.ends_at > func.now(), True))
        .scalar_subquery()
    )


def grants_of(rows: Rows | None) -> tuple[Grant, ...]:
    """The grants that `given_to` found. What a newer release knows besides is nothing here."""
    return tuple(Grant(UUID(scope_id), _allowed(role, own)) for scope_id, role, own in rows or ())


def _allowed(role: str | None, own: list[str] | None) -> frozenset[Permission]:
    if role is not None:
        return GIVEN.get(role, frozenset())
    return frozenset(_PERMISSIONS[each] for each in own or () if each in _PERMISSIONS)
