"""The roles that an organisation makes of permissions. Whoever makes or changes one has all that it allows.

A change holds at once for everybody who has the role, and they are told. A role that somebody has does not go away.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Invalid, NotFound
from people.actor import Actor
from people.audience import live_grant
from people.models import CustomRole, RoleGrant
from people.permissions import GIVEN, Permission
from people.roles.administrators import hold_organisation
from people.roles.giving import RoleBeyondOwn, check_gives_somewhere
from people.roles.roles import allowed_by
from people.scopes.rights import tell_role_changed

MOST_ROLES = 100
_TO_GIVE = frozenset(Permission) - {Permission.ACCOUNT_USE}


class RoleNameTaken(Conflict):
    """Another role of the organisation has this name."""

    code, title = "role_name_taken", "There is a role of this name"


class RoleInUse(Conflict):
    """Somebody has the role."""

    code, title = "role_in_use", "Somebody has this role; take it from them first"


class TooManyCustomRoles(Conflict):
    """More than anybody can keep apart."""

    code, title = "too_many_custom_roles", "An organisation has no more roles of its own than this"


def list_roles(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The roles that there always are, then the organisation's own by name; for whoever gives roles anywhere."""
    check_gives_somewhere(session, actor)
    always = [_wire(key, None, allowed, None) for key, allowed in GIVEN.items()]
    own = select(CustomRole).where(
        CustomRole.organisation_id == actor.organisation_id, CustomRole.ended_at.is_(None)
    )
    return [*always, *map(wire_role, session.scalars(own.order_by(func.lower(CustomRole.name))))]


def wire_role(role: CustomRole) -> dict[str, Any]:
    """A role of the organisation's own, as it is on the wire."""
    return _wire(str(role.id), role.name, allowed_by(role), role.version)


def _wire(key: str, name: str | None, allowed: frozenset[Permission], version: int | None) -> dict[str, Any]:
    return {"id": key, "name": name, "permissions": sorted(allowed), "version": version}


def make_role(session: Session, actor: Actor, name: str, permissions: Sequence[str]) -> CustomRole:
    """Make a role; raises `RoleBeyondOwn`, `RoleNameTaken`, `TooManyCustomRoles`."""
    _check_own(actor, _named(permissions))
    hold_organisation(session, actor.organisation_id)
    _check_name(session, actor.organisation_id, name, None)
    own = (CustomRole.organisation_id == actor.organisation_id, CustomRole.ended_at.is_(None))
    if (session.scalar(select(func.count()).where(*own)) or 0) >= MOST_ROLES:
        raise TooManyCustomRoles
    role = CustomRole(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        name=name,
        permissions=sorted(permissions),
        version=1,
        created_by=actor.person_id,
    )
    session.add(role)
    session.flush()
    return role


def custom_role(session: Session, actor: Actor, role_id: UUID, *, lock: bool = False) -> CustomRole:
    """A role of the organisation's own, or `NotFound`."""
    role = session.get(CustomRole, role_id, with_for_update=lock)
    if role is None or role.organisation_id != actor.organisation_id or role.ended_at is not None:
        raise NotFound
    return role


def edit_role(session: Session, actor: Actor, role: CustomRole, changes: dict[str, Any]) -> None:
    """Change name or permissions; whoever does it has what the role allowed before and allows after."""
    before = allowed_by(role)
    after = _named(changes.get("permissions", role.permissions))
    _check_own(actor, before | after)
    if "name" in changes:
        hold_organisation(session, actor.organisation_id)
        _check_name(session, actor.organisation_id, changes["name"], role.id)
        role.name = changes["name"]
    role.permissions = sorted(after)
    role.version += 1
    session.flush()
    if before != after:
        tell_role_changed(session, session.scalars(_grants_of(role)).all(), actor.person_id)


def end_role(session: Session, actor: Actor, role: CustomRole) -> None:
    """Let a role go that nobody has; raises `RoleInUse`."""
    _check_own(actor, allowed_by(role))
    if session.scalar(_grants_of(role).limit(1)) is not None:
        raise RoleInUse
    role.ended_at = clock.now()
    session.flush()


def _named(permissions: Sequence[str]) -> frozenset[Permission]:
    """The permissions of these names. What everybody has is with the account, and no role gives it."""
    for index, each in enumerate(permissions):
        if each not in _TO_GIVE:
            raise Invalid.at(f"/permissions/{index}", "There is no such permission to give.")
    return frozenset(map(Permission, permissions))


def _check_own(actor: Actor, permissions: frozenset[Permission]) -> None:
    if not permissions <= actor.organisation_wide:
        raise RoleBeyondOwn


def _check_name(session: Session, organisation_id: UUID, name: str, itself: UUID | None) -> None:
    taken = select(CustomRole.id).where(
        CustomRole.organisation_id == organisation_id,
        func.lower(CustomRole.name) == func.lower(name),
        CustomRole.ended_at.is_(None),
        CustomRole.id.is_distinct_from(itself),
    )
    if session.scalar(taken) is not None:
        raise RoleNameTaken


def _grants_of(role: CustomRole) -> Select[RoleGrant]:
    return select(RoleGrant).where(RoleGrant.custom_role_id == role.id, *live_grant())
