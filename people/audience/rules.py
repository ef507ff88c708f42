"""What holds for every answer: which memberships count, and from where on each of them reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal, or_

from base import ids
from base.rows import GivenRows
from journal.order import BEGINNING, begun_at, comes_after
from people.models import Membership, Person, Scope
from people.permissions import ADMINISTRATOR, VISITOR

FIRST_ID = UUID(int=0)
# Nobody runs these by what they are to the organisation, and nobody is let in but by those within.
PRIVATE = ("group", "direct")
_LONGEST = 3_600_000 << 80  # an hour in ids: no transaction lasts as long


@dataclass(frozen=True)
class Window:
    """What somebody reads of a scope: what the journal told of after `since`.

    `since_id` is of the time when that began: it decides while the journal has told neither of the beginning nor of the
    post.
    """

    scope_id: UUID
    since: int = BEGINNING
    since_id: UUID = FIRST_ID
    by_id: bool = False  # where it began the journal does not know: the time alone decides

    @property
    def first_id(self) -> UUID:
        """No post within has a smaller id: an index of ids is walked no further. An id is older than its commit, but
        not by more than a transaction can last."""
        return UUID(int=max(0, self.since_id.int - _LONGEST))

    def shows(self, post_id: UUID, position: int | None, *, holds: bool = False) -> bool:
        """Whether a post may be read that the journal told of at a position (None: not yet); `holds`: it is so now,
        whenever it was said."""
        later = post_id >= self.since_id
        return holds or (later if self.by_id else comes_after(position, self.since, later=later))


class _Asked(NamedTuple):
    scope_id: UUID
    person_id: UUID


# Pairs of which something is asked at once; their values are given with the parameters.
ASKED = GivenRows("asked", _Asked)


def live_membership(of: type[Membership] = Membership) -> list[ColumnElement[bool]]:
    """The conditions for a membership that holds now; a grace time that has run out counts as ended."""
    return [of.ended_at.is_(None), or_(of.ends_at.is_(None), of.ends_at > func.now())]


def manages(of: type[Membership] = Membership) -> ColumnElement[bool]:
    """Whether a membership that holds makes a manager now: that may end before the membership does."""
    until = of.role_ends_at
    return and_(of.role == "manager", or_(until.is_(None), until > func.now()))


def administers(of: type[Person] = Person) -> ColumnElement[bool]:
    """Whether somebody administers the organisation now: that may end before their account does."""
    until = of.role_ends_at
    return and_(of.role == ADMINISTRATOR, or_(until.is_(None), until > func.now()))


def history_in(visitor: ColumnElement[bool], held: type[Membership] = Membership) -> ColumnElement[str]:
    """`history_of` in SQL, of a membership beside its scope; `visitor`: whether the person is one."""
    return case((visitor, "since_entry"), (held.source == "presence", Scope.history), else_="all")


def since_of(visitor: ColumnElement[bool], held: type[Membership] = Membership) -> ColumnElement[int]:
    """After which position a membership reads, with what `history_in` takes: `BEGINNING`, or where it began."""
    since_entry = history_in(visitor, held) == "since_entry"
    return case((since_entry, begun_at(held.id)), else_=literal(BEGINNING, BigInteger))


_VISITS = Person.role == VISITOR
SINCE = since_of(_VISITS).label("since")


def history_of(role: str, source: str, history: str) -> str:
    """How far back a membership reads (`since_entry`, `all`), by the person's role, its source, its scope's history."""
    return "since_entry" if role == VISITOR else history if source == "presence" else "all"


def since(history: str, position: int) -> int:
    """After which position a membership reads that began at `position`; `history` as `history_of` says."""
    return position if history == "since_entry" else BEGINNING


def window_of(scope_id: UUID, since: int, started_at: datetime | None) -> Window:
    """What is read of a scope after the position where something began that started then."""
    if since == BEGINNING or started_at is None:
        return Window(scope_id)
    return Window(scope_id, since, ids.first_id_at(started_at))
