"""Who runs a scope, and so hears of what its members do not answer."""

from collections.abc import Collection
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from people.audience.rules import ASKED, administers, live_membership, manages
from people.models import Membership, Person, Scope


def managers_of(session: Session, scope_id: UUID, organisation_id: UUID) -> list[UUID]:
    """The managers of a scope and of the site that it belongs to; where there is none, the administrators."""
    managers = (
        select(Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Scope, Scope.id == scope_id)
        .where(*_manages(), Person.ended_at.is_(None))
    )
    administrators = select(Person.id).where(
        Person.organisation_id == organisation_id, administers(), Person.ended_at.is_(None)
    )
    return sorted(set(session.scalars(managers)) or session.scalars(administrators))


def managing_among(session: Session, pairs: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of many (scope, person) those where the person manages the scope or its site, or is an administrator."""
    if not pairs:
        return set()
    rows = session.execute(_managing(), ASKED.values(pairs))
    return {(row[0], row[1]) for row in rows}


def _manages() -> list[ColumnElement[bool]]:
    """The conditions for a membership with which somebody manages a scope."""
    of_it = or_(Membership.scope_id == Scope.id, Membership.scope_id == Scope.parent_id)
    return [of_it, manages(), *live_membership()]


@cache
def _managing() -> Select[UUID, UUID]:
    return (
        select(ASKED.c.scope_id, ASKED.c.person_id)
        .select_from(ASKED.table)
        .join(Scope, Scope.id == ASKED.c.scope_id)
        .join(Person, Person.id == ASKED.c.person_id)
        .where(
            Person.organisation_id == Scope.organisation_id,
            Person.ended_at.is_(None),
            or_(administers(), exists().where(Membership.person_id == Person.id, *_manages())),
        )
    )
