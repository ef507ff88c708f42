"""Looking memberships up, and how they are told."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from base import clock
from people.audience import history_of, live_membership
from people.models import Membership, Person, Scope
from people.wire import wire_person

# The source of a row of the organisation's own scope that merely says how loud it is (`people/scopes/wishes.py`):
# nobody can join that scope, so `joined` can mean nothing else there.
IMPLIED = "joined"
OWN_WISHES = ("level", "muted_until")


def wire_membership(membership: Membership, scope: Scope, role: str = "member") -> dict[str, Any]:
    """A membership as `GET /v1/me` and the events carry it; `role` is the person's own."""
    return {
        "id": str(membership.id),
        "scope_id": str(membership.scope_id),
        "scope_kind": scope.kind,
        "scope_name": scope.name,
        "person_id": str(membership.person_id),
        "role": membership.role,
        "source": membership.source,
        "level": membership.level,
        "muted_until": clock.wire_or_none(membership.muted_until),
        "history": history_of(role, membership.source, scope.history),
        "read_receipts": scope.read_receipts,
        "started_at": clock.wire(membership.started_at),
        "ends_at": clock.wire_or_none(membership.ends_at),
        "ended_at": clock.wire_or_none(membership.ended_at),
    }


def wire_of_person(membership: Membership, scope: Scope, person: Person) -> dict[str, Any]:
    """A membership as managers see it: how loud a scope is for somebody is theirs alone to know."""
    told = wire_membership(membership, scope, person.role) | {"person": wire_person(person)}
    return {member: value for member, value in told.items() if member not in OWN_WISHES}


def is_implied(membership: Membership) -> bool:
    """Whether it is the row of somebody who wants the organisation's own scope louder or quieter, and no more."""
    return membership.scope_id == membership.organisation_id and membership.source == IMPLIED


def live_membership_of(session: Session, scope_id: UUID, person_id: UUID) -> Membership | None:
    """The person's live membership of the scope, locked until the transaction ends."""
    return session.scalars(
        select(Membership)
        .where(
            Membership.scope_id == scope_id,
            Membership.person_id == person_id,
            Membership.ended_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()


def live_memberships(session: Session, person_id: UUID, scopes: Collection[UUID]) -> list[Membership]:
    """The person's live memberships of some scopes."""
    of_person = (Membership.person_id == person_id, Membership.scope_id.in_(scopes), *live_membership())
    return list(session.scalars(select(Membership).where(*of_person).order_by(Membership.scope_id)))


def present_since(session: Session, scope_id: UUID, person_id: UUID, at: datetime) -> datetime | None:
    """Since when being there had made the person a member at a moment that may be over; None if it had not."""
    until = func.coalesce(Membership.ended_at, Membership.ends_at)
    stay = select(Membership.started_at).where(
        Membership.scope_id == scope_id,
        Membership.person_id == person_id,
        Membership.source == "presence",
        Membership.started_at <= at,
        or_(until.is_(None), until >= at),
    )
    return session.scalar(stay.order_by(Membership.started_at).limit(1))


def list_live(
    session: Session, scope_id: UUID, after: UUID | None, limit: int
) -> list[tuple[Membership, Scope, Person]]:
    """A page of those who belong to a scope, oldest first, with scope and person.

    Who is merely there is left out: to look at that takes a reason and is written down (`geo/presence/views.py`).
    """
    query = (
        select(Membership, Scope, Person)
        .join(Scope, Scope.id == Membership.scope_id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.scope_id == scope_id,
            Membership.source != "presence",
            or_(Membership.scope_id != Membership.organisation_id, Membership.source != IMPLIED),
            Membership.ended_at.is_(None),
        )
    )
    if after is not None:
        query = query.where(Membership.id > after)
    rows = session.execute(query.order_by(Membership.id).limit(limit))
    return [(membership, scope, person) for membership, scope, person in rows]
