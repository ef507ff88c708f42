"""Roles end by themselves: with their time, with the account that has them, with the scope that they are of.

What they let do has ended already when a worker comes by: the actor's statement compares the time. The worker writes it
down and tells it.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from base import clock
from people.models import Person, RoleGrant
from people.permissions import ADMINISTRATOR
from people.roles.administrators import demote
from people.roles.giving import end_grant
from people.scopes import managers

BATCH = 200


def end_expired_roles(session: Session) -> int:
    """End the roles whose time is over; returns how many. Several workers may do it."""
    over = (RoleGrant.ended_at.is_(None), RoleGrant.ends_at <= clock.now())
    held = select(RoleGrant).where(*over).order_by(RoleGrant.ends_at).limit(BATCH)
    grants = session.scalars(held.with_for_update(skip_locked=True)).all()
    for grant in grants:
        end_grant(session, grant, None)
    former = managers.ran_out(session, BATCH)
    for membership in former:
        managers.make_member(session, membership, None)
    return max(len(grants), len(former), _end_administrators(session))


def _end_administrators(session: Session) -> int:
    over = (
        Person.role == ADMINISTRATOR,
        Person.ended_at.is_(None),
        Person.role_ends_at <= clock.now(),
    )
    held = select(Person).where(*over).order_by(Person.role_ends_at).limit(BATCH)
    former = session.scalars(held.with_for_update(key_share=True, skip_locked=True)).all()
    for person in former:
        demote(session, person, None)
    return len(former)


def end_grants_of(session: Session, person_id: UUID, actor_id: UUID | None) -> None:
    """End all that a person was given, with their account: who comes back later is given anew."""
    _end(session, RoleGrant.person_id == person_id, actor_id)


def end_grants_in(session: Session, scope_id: UUID, actor_id: UUID | None) -> None:
    """End all that was given in a scope, with the scope."""
    _end(session, RoleGrant.scope_id == scope_id, actor_id)


def _end(session: Session, which: ColumnElement[bool], actor_id: UUID | None) -> None:
    held = select(RoleGrant).where(which, RoleGrant.ended_at.is_(None)).order_by(RoleGrant.id)
    for grant in session.scalars(held.with_for_update()).all():
        end_grant(session, grant, actor_id)
