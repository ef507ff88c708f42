"""Giving roles. Nobody gives what they do not have, nor where they do not have it.

    administrator   of the organisation: by their account (`persons.role`)
    site manager    of a site, a zone, a group: by their membership (`memberships.role`)
    all others      and managers of everything: a grant, which comes with the actor (`people/sign_in/given.py`)

Given once more, a role that somebody has gets the new end, or none. Visitors and programs are given none. Who watches
over administrators is none of them, so the one role keeps the other away.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Forbidden, Invalid, NotFound
from people.actor import Actor
from people.audience import ScopeInSight, holders_of, live_grant, managed_by
from people.audience.throughout import allowed_throughout
from people.models import Membership, Person, RoleGrant, Scope
from people.permissions import ADMINISTRATOR, SERVICE, SITE_MANAGER, VISITOR, Permission
from people.roles.administrators import hold_organisation, make_administrator
from people.roles.lasting import lasts_until
from people.roles.roles import Role, role_of
from people.scopes.managers import make_manager
from people.scopes.rights import tell_role
from people.scopes.scopes import scope_for

MOST_GRANTS = 200
Given = Person | Membership | RoleGrant


class RoleBeyondOwn(Forbidden):
    """The role allows something that the actor may not do there."""

    code, title = "role_beyond_own", "Nobody gives or takes a role that allows more than their own"


class NoRoles(Conflict):
    """Visitors are here for some hours, and programs may what their token says."""

    code, title = "no_roles", "This account is given no roles"


class RolesExclude(Conflict):
    """Who watches over administrators is none of them."""

    code, title = (
        "roles_exclude",
        "A compliance officer is no administrator, and an administrator no compliance officer",
    )


class TooManyRoles(Conflict):
    """Each request reads all that its actor was given."""

    code, title = "too_many_roles", "One account is not given so many roles"


def check_may_give(
    session: Session, actor: Actor, role_key: str, scope_id: UUID, ends_at: datetime | None = None
) -> Role:
    """The role, which the actor may give in the scope until then; None: for good.

    Raises `NotFound` for a scope out of sight, `Forbidden` where the actor gives no roles, `RoleBeyondOwn`, also where
    it would outlast the actor's own, and `Invalid` for a role that is not there, or is not given in such a scope.
    """
    scope = scope_for(session, actor, scope_id, Permission.ROLES_GIVE)
    role = role_of(session, actor.organisation_id, role_key)
    _check_own(actor, scope, role)
    _check_fits(role, scope.kind, whole=scope_id == actor.organisation_id)
    until = lasts_until(session, actor, scope, role.permissions)
    if until is not None and (ends_at is None or ends_at > until):
        raise RoleBeyondOwn("What you give lasts no longer than what you have.")
    return role


def check_has(session: Session, actor: Actor, role: Role, scope_id: UUID) -> None:
    """Raise as `check_may_give` unless the actor gives roles there, and has what this one allows: to take it away."""
    _check_own(actor, scope_for(session, actor, scope_id, Permission.ROLES_GIVE), role)


def check_gives_somewhere(session: Session, actor: Actor) -> None:
    """Raise `Forbidden` for who gives no roles anywhere: of those nothing is told, not even that one is not there."""
    gives = managed_by(actor, Permission.ROLES_GIVE)
    if gives is not None and session.scalar(gives.limit(1)) is None:
        raise Forbidden


def _check_own(actor: Actor, scope: ScopeInSight, role: Role) -> None:
    if not role.permissions <= allowed_throughout(actor, scope):
        raise RoleBeyondOwn


def give(
    session: Session,
    actor_id: UUID | None,
    person_id: UUID,
    role_key: str,
    scope_id: UUID,
    ends_at: datetime | None = None,
) -> Given:
    """Give a person of the scope's organisation a role there, until a moment; the caller has checked who gives it.

    Returns the account, membership or grant that has the role now. Raises `NotFound` for who is not there any more,
    `NoRoles`, `RolesExclude`, `TooManyRoles`, `LastAdministrator` where the only one would get an end, `Invalid`.
    """
    if role_key == ADMINISTRATOR:
        hold_organisation(session, scope_id)
    person, scope = _met(session, person_id, scope_id)
    role = role_of(session, person.organisation_id, role_key)
    _check_fits(role, scope.kind, whole=scope_id == person.organisation_id)
    if ends_at is not None and ends_at <= clock.now():
        raise Invalid.at("/ends_at", "This is over already.")
    _check_not_both(session, person, role)
    if role.key == ADMINISTRATOR:
        return make_administrator(session, person, ends_at, actor_id)
    if role.key == SITE_MANAGER and scope_id != person.organisation_id:
        return make_manager(session, scope_id, person_id, ends_at, actor_id)
    return _grant(session, person, role, scope_id, ends_at, actor_id)


def _met(session: Session, person_id: UUID, scope_id: UUID) -> tuple[Person, Scope]:
    """The person, held until the transaction ends so that one role comes after the other, and the scope."""
    person = session.get(Person, person_id, with_for_update={"key_share": True}, populate_existing=True)
    scope = session.get(Scope, scope_id)
    if person is None or scope is None or person.organisation_id != scope.organisation_id:
        raise NotFound
    if person.ended_at is not None or scope.archived_at is not None:
        raise NotFound
    if person.role in (VISITOR, SERVICE):
        raise NoRoles
    return person, scope


def _check_fits(role: Role, kind: str, *, whole: bool) -> None:
    if kind == "direct":
        raise Invalid.at("/scope_id", "Nobody is given a role in a conversation.")
    if role.is_organisation_wide and not whole:
        raise Invalid.at(
            "/scope_id", "This role is given for the whole organisation.", code="role_is_organisations"
        )


def _check_not_both(session: Session, person: Person, role: Role) -> None:
    watches = Permission.AUDIT_EXPORT in role.permissions
    if watches and person.role == ADMINISTRATOR:
        raise RolesExclude
    officers = holders_of(Permission.AUDIT_EXPORT, (person.organisation_id,))
    if role.key == ADMINISTRATOR and session.scalar(
        officers.where(RoleGrant.person_id == person.id).limit(1)
    ):
        raise RolesExclude


def _grant(
    session: Session,
    person: Person,
    role: Role,
    scope_id: UUID,
    ends_at: datetime | None,
    actor_id: UUID | None,
) -> RoleGrant:
    held = _held(session, person.id, role, scope_id)
    if held is not None and (held.ends_at is None or held.ends_at > clock.now()):
        held.ends_at, held.given_by = ends_at, actor_id
        session.flush()
        return held
    if held is not None:
        end_grant(session, held, None)
    count = select(func.count()).where(RoleGrant.person_id == person.id, *live_grant())
    if (session.scalar(count) or 0) >= MOST_GRANTS:
        raise TooManyRoles
    grant = RoleGrant(
        id=ids.new_id(),
        organisation_id=person.organisation_id,
        person_id=person.id,
        scope_id=scope_id,
        role=role.key if role.custom_id is None else None,
        custom_role_id=role.custom_id,
        given_by=actor_id,
        given_at=clock.now(),
        ends_at=ends_at,
    )
    session.add(grant)
    session.flush()
    tell_role(session, grant, None, grant.key, actor_id)
    return grant


def _held(session: Session, person_id: UUID, role: Role, scope_id: UUID) -> RoleGrant | None:
    which = (
        RoleGrant.role == role.key if role.custom_id is None else RoleGrant.custom_role_id == role.custom_id
    )
    held = (RoleGrant.person_id == person_id, RoleGrant.scope_id == scope_id, RoleGrant.ended_at.is_(None))
    return session.scalars(select(RoleGrant).where(*held, which).with_for_update()).one_or_none()


def end_grant(session: Session, grant: RoleGrant, actor_id: UUID | None) -> None:
    """End a grant that holds; what it let do ends with the transaction. Without an actor, it is time that ends it."""
    grant.ended_at, grant.ended_by = clock.now(), actor_id
    session.flush()
    tell_role(session, grant, grant.key, None, actor_id)
