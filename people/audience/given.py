"""What somebody was given beside what they are: in a scope and its parts; in the organisation's own, everywhere.

In a group or a conversation counts what was given there, and nothing from above. A site's scope and those of its zones
are read from their beginning by whoever was given to read them: being there takes nothing away.
"""

from collections.abc import Set
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, true

from people.actor import Actor
from people.audience.rules import PRIVATE
from people.models import Scope
from people.permissions import Permission, tells_of_scopes


def given_in(actor: Actor, scope_id: UUID, parent_id: UUID | None, kind: str) -> frozenset[Permission]:
    """All that the actor was given in a scope, there or above it."""
    if not actor.grants:
        return frozenset()
    above = set[UUID | None]() if kind in PRIVATE else {parent_id, actor.organisation_id}
    counting = above | {scope_id}
    empty: frozenset[Permission] = frozenset()
    return empty.union(*(grant.permissions for grant in actor.grants if grant.scope_id in counting))


def scopes_given(actor: Actor, permission: Permission) -> set[UUID]:
    """The scopes, without their parts, where the actor was given a permission."""
    return {grant.scope_id for grant in actor.grants if permission in grant.permissions}


def is_given(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Whether a permission was given in a row of `Scope`, in SQL; nothing is asked where nothing was given."""
    return _within(scopes_given(actor, permission), actor.organisation_id)


def lets_know(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor knows of a row of `Scope` by what they were given there."""
    known = {grant.scope_id for grant in actor.grants if any(map(tells_of_scopes, grant.permissions))}
    return _within(known, actor.organisation_id)


def _within(scope_ids: Set[UUID], organisation_id: UUID) -> ColumnElement[bool]:
    if not scope_ids:
        return false()
    above = true() if organisation_id in scope_ids else Scope.parent_id.in_(scope_ids)
    return or_(Scope.id.in_(scope_ids), and_(Scope.kind.not_in(PRIVATE), above))
