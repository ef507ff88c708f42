"""Whom the news of a scope reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from journal.order import BEGINNING
from people.audience.rules import ASKED, BELONGS, SINCE, live_membership
from people.models import Membership, Person, Scope


@dataclass(frozen=True)
class Follower:
    """A person whom a scope's news reach, after which position, and at which notification level."""

    person_id: UUID
    level: str
    since: int
    muted_until: datetime | None = None


def audience(
    session: Session, scope_id: UUID, organisation_id: UUID, *, among: Sequence[UUID] | None = None
) -> list[Follower]:
    """The persons whom the scope's news reach now; `among` these only."""
    rows = session.execute(audience_of(scope_id, organisation_id, among=among))
    return [Follower(*row) for row in rows]


def audience_of(
    scope_id: UUID, organisation_id: UUID, *, among: Sequence[UUID] | None = None
) -> Select[UUID, str, int, datetime | None]:
    """`audience` as a statement, to join with: person_id, level, since, muted_until."""
    if scope_id == organisation_id:
        return everyone_of(organisation_id, among)
    return members_of(scope_id, among)


def members_of(
    scope_id: UUID | ColumnElement[UUID], among: Sequence[UUID] | None = None
) -> Select[UUID, str, int, datetime | None]:
    """`audience_of` any scope but an organisation's own."""
    these = true() if among is None else Membership.person_id.in_(among)
    return (
        select(Membership.person_id, Membership.level, SINCE, Membership.muted_until)
        .join(Scope, Scope.id == Membership.scope_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.scope_id == scope_id, Scope.archived_at.is_(None), these, *live_membership())
    )


def everyone_of(
    organisation_id: UUID | ColumnElement[UUID], among: Sequence[UUID] | None = None
) -> Select[UUID, str, int, datetime | None]:
    """`audience_of` an organisation's own scope."""
    these = true() if among is None else Person.id.in_(among)
    own = and_(Membership.person_id == Person.id, Membership.scope_id == organisation_id, *live_membership())
    level = func.coalesce(Membership.level, "all").label("level")
    since = literal(BEGINNING, BigInteger).label("since")
    return (
        select(Person.id.label("person_id"), level, since, Membership.muted_until)
        .outerjoin(Membership, own)
        .where(
            Person.organisation_id == organisation_id,
            Person.ended_at.is_(None),
            or_(BELONGS, Membership.id.is_not(None)),
            these,
        )
    )


def followers_among(
    session: Session, pairs: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Follower]:
    """Of many (scope, person) those whom the scope's news reach now, as `audience` would say of each scope."""
    if not pairs:
        return {}
    rows = session.execute(_among(), ASKED.values(pairs))
    return {(row[0], row[1]): Follower(row[1], row[2], row[3], row[4]) for row in rows}


@cache
def _among() -> Select[UUID, UUID, str, int, datetime | None]:
    member = and_(
        Membership.scope_id == ASKED.c.scope_id,
        Membership.person_id == ASKED.c.person_id,
        *live_membership(),
    )
    whole, is_member = Scope.kind == "organisation", Membership.id.is_not(None)
    belongs = and_(whole, Person.ended_at.is_(None), or_(BELONGS, is_member))
    return (
        select(
            ASKED.c.scope_id,
            ASKED.c.person_id,
            func.coalesce(Membership.level, "all"),
            case((whole, literal(BEGINNING, BigInteger)), else_=SINCE.element),
            Membership.muted_until,
        )
        .select_from(ASKED.table)
        .join(Scope, and_(Scope.id == ASKED.c.scope_id, Scope.archived_at.is_(None)))
        .join(Person, and_(Person.id == ASKED.c.person_id, Person.organisation_id == Scope.organisation_id))
        .outerjoin(Membership, member)
        .where(or_(belongs, and_(~whole, is_member)))
    )
