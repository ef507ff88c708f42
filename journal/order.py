"""The order of what was said and of who came: a subject stands where the journal first told of it.

An id says when something was made; others see it when its transaction commits, which may be a second later and behind
younger ids. So what somebody has read, what is unread, what was said before they came and what they need no push for
are compared by position. A subject that the relay has not moved yet has none, and comes after all that have one.

The relay writes positions down in the transaction that moves the event (`journal/relay.py`), and nobody changes them.
For the moment until then, ids decide between two subjects that both have none.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.sql.elements import SQLCoreOperations

from base.database import table_of
from journal.models import SubjectPosition

BEGINNING = 0
# Where a beginning stands that the journal has not told of: nothing is after it.
NOT_YET = 2**63 - 1
positions = table_of(SubjectPosition)


def position_of(subject_id: SQLColumnExpression[UUID]) -> ScalarSelect[int]:
    """The position of the event that told of a subject first, or NULL, as an expression of a statement."""
    return select(positions.c.position).where(positions.c.subject_id == subject_id).scalar_subquery()


def begun_at(subject_id: SQLColumnExpression[UUID]) -> ColumnElement[int]:
    """The position of a beginning (a membership's); `NOT_YET` where the journal has not told of it."""
    return func.coalesce(position_of(subject_id), NOT_YET)


def comes_after(position: int | None, since: int, *, later: bool = False) -> bool:
    """Whether a subject at `position` (None: not told of yet) was said after `since`; everything after `BEGINNING`.

    `later`: whether it is, where neither it nor what began at `since` was told of yet.
    """
    if since == BEGINNING:
        return True
    if position is None:
        return since != NOT_YET or later
    return position > since


def told_after(
    subject_id: SQLColumnExpression[UUID],
    since: SQLCoreOperations[int],
    since_id: SQLCoreOperations[UUID] | None = None,
) -> ColumnElement[bool]:
    """`comes_after` in SQL; `since_id`: from which id on it is later, where neither was told of yet.

    Where everything is after `since`, nothing is looked up.
    """
    position = position_of(subject_id)
    untold = since != NOT_YET
    if since_id is not None:
        untold = or_(untold, subject_id >= since_id)
    return or_(since == BEGINNING, position > since, and_(position.is_(None), untold))
