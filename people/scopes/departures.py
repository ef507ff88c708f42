"""Who left a direct conversation, and by whom they do not want to be taken into others.

In a conversation of two that is the other one, in a greater one who opened it.
"""

from uuid import UUID

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from people.models import DirectDeparture, Membership, Scope

_Departure = DirectDeparture


def persons_of(scope_id: UUID) -> Select[UUID]:
    """The persons that a conversation is for, those who left and those who never came in included, as a statement."""
    came = select(Membership.person_id).where(Membership.scope_id == scope_id)
    left = select(_Departure.person_id).where(_Departure.scope_id == scope_id)
    return select(came.union(left).subquery().c.person_id)


def left_ids(session: Session, scope_id: UUID) -> tuple[UUID, ...]:
    """Who left a conversation, by their ids."""
    left = select(_Departure.person_id).where(_Departure.scope_id == scope_id)
    return tuple(session.scalars(left.order_by(_Departure.person_id)))


def remember(session: Session, scope: Scope, person_id: UUID) -> None:
    """The person left the conversation now."""
    others = [other for other in session.scalars(persons_of(scope.id)) if other != person_id]
    opener = others[0] if len(others) == 1 else scope.opened_by
    _write(session, scope.id, scope.organisation_id, person_id, None if opener == person_id else opener)


def stays_out(session: Session, scope_id: UUID, person_id: UUID, by: UUID) -> bool:
    """Whether somebody must not take the person into the conversation: they left it, or another one of theirs."""
    theirs = select(_Departure.organisation_id).where(_Departure.person_id == person_id)
    refusing = or_(_Departure.scope_id == scope_id, _Departure.refused_id == by)
    organisation_id = session.scalar(theirs.where(refusing).limit(1))
    if organisation_id is None:
        return False
    _write(session, scope_id, organisation_id, person_id, by)
    return True


def take_back(session: Session, scope_id: UUID, person_id: UUID, talks_with: set[UUID]) -> None:
    """The person opens the conversation: they are in it again, and may be taken into others by those in it."""
    mine = _Departure.person_id == person_id
    session.execute(delete(_Departure).where(mine, _Departure.scope_id == scope_id))
    session.execute(
        update(_Departure).where(mine, _Departure.refused_id.in_(talks_with)).values(refused_id=None)
    )


def _write(
    session: Session, scope_id: UUID, organisation_id: UUID, person_id: UUID, refused_id: UUID | None
) -> None:
    row = {"scope_id": scope_id, "organisation_id": organisation_id, "person_id": person_id}
    left = insert(_Departure).values(**row, refused_id=refused_id, left_at=clock.now())
    session.execute(left.on_conflict_do_nothing())
