"""Stays as they were at a moment that may be over: what a phone did then is heard of when it has a network again."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, or_, select
from sqlalchemy.orm import Session

from geo.models.places import Place
from geo.models.stays import Evidence, Visit
from people.audience import lets_in
from people.models import Scope
from people.scopes.member_lists import present_since


class StayThen(NamedTuple):
    """Since when somebody had been there, and the best grade of the sound evidence for it."""

    since: datetime
    grade: int


def stay_at(session: Session, person_id: UUID, place_id: UUID, at: datetime) -> StayThen | None:
    """The stay that a moment lies in, open or over, as far as it stood on sound evidence at that moment."""
    there = _stays(person_id, place_id, at).where(or_(Visit.left_at.is_(None), Visit.left_at >= at))
    row = session.execute(there.order_by(Evidence.grade.desc()).limit(1)).one_or_none()
    return None if row is None else StayThen(row.entered_at, row.grade)


def let_in_since(session: Session, scope_id: UUID, person_id: UUID, at: datetime) -> datetime | None:
    """Since when being there had made somebody a member of a `present` scope at a moment; None if it had not.

    A membership tells, and where none was opened in time, as the stay was heard of too late, the visit does. It is
    held to the rules of now, since former ones are not kept.
    """
    since = present_since(session, scope_id, person_id, at)
    if since is not None or not lets_in(session, scope_id, person_id):
        return since
    grace = func.make_interval(0, 0, 0, 0, 0, 0, Scope.grace_seconds)
    stay = (
        _stays(person_id, scope_id, at)
        .join(Place, Place.id == Visit.place_id)
        .join(Scope, Scope.id == Visit.place_id)
        .where(
            Scope.admission == "present",
            Evidence.grade >= Place.presence_grade,
            or_(Visit.left_at.is_(None), Visit.left_at + grace >= at),
        )
    )
    return session.scalar(stay.order_by(Visit.entered_at).limit(1))


def _stays(person_id: UUID, place_id: UUID, at: datetime) -> Select[datetime, int]:
    """Stays that had begun by a moment, beside each piece of sound evidence that held then, or when they ended."""
    moment = func.least(Visit.left_at, at)
    return (
        select(Visit.entered_at, Evidence.grade)
        .join(Evidence, Evidence.visit_id == Visit.id)
        .where(
            Visit.person_id == person_id,
            Visit.place_id == place_id,
            Visit.entered_at <= at,
            Evidence.doubtful.is_(False),
            Evidence.since <= moment,
            _not_before(Evidence.expires_at, moment),
            _not_before(Evidence.ended_at, moment),
        )
    )


def _not_before(
    end: SQLColumnExpression[datetime | None], moment: ColumnElement[datetime]
) -> ColumnElement[bool]:
    return or_(end.is_(None), end >= moment)
