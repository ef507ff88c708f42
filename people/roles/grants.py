"""The roles that people have, as those who give roles see them, give them and take them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.database import AnyRow
from base.errors import NotFound
from people.actor import Actor
from people.audience import sight_of
from people.models import Membership, Person, RoleGrant
from people.permissions import Permission
from people.roles import administrators
from people.roles.giving import check_gives_somewhere, check_has, check_may_give, end_grant, give
from people.roles.lists import MOST_ROLES, Wanted, list_given, wire_given
from people.roles.roles import role_of
from people.scopes import managers
from people.scopes.scopes import scope_for


def list_grants(
    session: Session,
    actor: Actor,
    scope_id: UUID | None,
    person_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> Sequence[AnyRow]:
    """A page of the roles of a scope and its parts, in whose scope the actor gives roles; None: of all."""
    where = scope_id or actor.organisation_id
    scope_for(session, actor, where, Permission.ROLES_GIVE)
    return list_given(session, actor.organisation_id, Wanted(where, person_id), after, limit)


def give_role(
    session: Session,
    actor: Actor,
    person_id: UUID,
    role_key: str,
    scope_id: UUID | None,
    ends_at: datetime | None,
) -> dict[str, Any]:
    """Give a role; raises as `check_may_give` and `give`. None for the scope: in the whole organisation."""
    where = scope_id or actor.organisation_id
    check_may_give(session, actor, role_key, where, ends_at)
    given = give(session, actor.person_id, person_id, role_key, where, ends_at)
    return wire_given(_in_sight(session, actor, given.id))


def read_grant(session: Session, actor: Actor, grant_id: UUID) -> dict[str, Any]:
    """A role that somebody has, for who gives roles where it is."""
    return wire_given(_in_sight(session, actor, grant_id))


def take_role(session: Session, actor: Actor, grant_id: UUID) -> dict[str, Any]:
    """Take a role away, as one who may give it there; returns what it was.

    Raises `NotFound`, as `check_may_give`, and `LastAdministrator`.
    """
    row = _in_sight(session, actor, grant_id)
    check_has(session, actor, role_of(session, actor.organisation_id, row.key), row.scope_id)
    if grant_id == row.person_id:
        administrators.hold_organisation(session, actor.organisation_id)
    # Roles of one person change one after the other: of two who take the same at once, one finds it gone.
    session.execute(select(Person.id).where(Person.id == row.person_id).with_for_update(key_share=True))
    if _one(session, actor, grant_id) is None:
        raise NotFound
    if grant_id == row.person_id:
        administrators.make_member(session, session.get_one(Person, grant_id), actor.person_id)
    elif (grant := session.get(RoleGrant, grant_id, with_for_update=True)) is not None:
        end_grant(session, grant, actor.person_id)
    else:
        held = session.get_one(Membership, grant_id, with_for_update=True)
        managers.make_member(session, held, actor.person_id)
    return wire_given(row)


def _in_sight(session: Session, actor: Actor, grant_id: UUID) -> AnyRow:
    """A role where the actor gives roles. All others are not there: whose id is an administrator's is not told."""
    check_gives_somewhere(session, actor)
    row = _one(session, actor, grant_id)
    scope = sight_of(session, actor, grant_id if row is None else row.scope_id)
    if row is None or scope is None or not scope.grants(Permission.ROLES_GIVE):
        raise NotFound
    return row


def _one(session: Session, actor: Actor, grant_id: UUID) -> AnyRow | None:
    wanted = Wanted(actor.organisation_id, id=grant_id, private=True)
    return next(iter(list_given(session, actor.organisation_id, wanted, None, 1)), None)


def my_roles(session: Session, actor: Actor) -> Sequence[AnyRow]:
    """What the actor was given, groups included."""
    mine = Wanted(actor.organisation_id, actor.person_id, private=True)
    return list_given(session, actor.organisation_id, mine, None, MOST_ROLES)
