"""What holds for every answer: which memberships count, and from which id on each of them reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    Uuid,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
)

from base import ids
from base.rows import GivenRows
from people.models import Membership, Person, Scope
from people.permissions import VISITOR

BEGINNING = UUID(int=0)
_FIRST_ID_ENDS = "70008000000000000000"


@dataclass(frozen=True)
class Window:
    """What somebody reads of a scope: from which id on."""

    scope_id: UUID
    since_id: UUID

    def shows(self, subject_id: UUID, *, holds: bool = False) -> bool:
        """Whether something said in the scope may be read; `holds`: it is so now, whenever it was said."""
        return holds or subject_id >= self.since_id


class _Asked(NamedTuple):
    scope_id: UUID
    person_id: UUID


# Pairs of which something is asked at once; their values are given with the parameters.
ASKED = GivenRows("asked", _Asked)


def live_membership(of: type[Membership] = Membership) -> list[ColumnElement[bool]]:
    """The conditions for a membership that holds now; a grace time that has run out counts as ended."""
    return [of.ended_at.is_(None), or_(of.ends_at.is_(None), of.ends_at > func.now())]


def first_id(moment: SQLColumnExpression[datetime]) -> ColumnElement[UUID]:
    """`ids.first_id_at` in SQL: the first 12 digits of an id are its milliseconds."""
    milliseconds = func.to_hex(cast(func.floor(extract("epoch", moment) * 1000), BigInteger))
    return cast(func.lpad(milliseconds, 12, "0") + _FIRST_ID_ENDS, Uuid)


def history_in(visitor: ColumnElement[bool], held: type[Membership] = Membership) -> ColumnElement[str]:
    """`history_of` in SQL, of a membership beside its scope; `visitor`: whether the person is one."""
    return case((visitor, "since_entry"), (held.source == "presence", Scope.history), else_="all")


def since_id_of(visitor: ColumnElement[bool], held: type[Membership] = Membership) -> ColumnElement[UUID]:
    """`since_id` in SQL, with what `history_in` takes."""
    since_entry = history_in(visitor, held) == "since_entry"
    return case((since_entry, first_id(held.started_at)), else_=literal(BEGINNING, Uuid))


_VISITS = Person.role == VISITOR
HISTORY = history_in(_VISITS).label("history")
SINCE_ID = since_id_of(_VISITS).label("since_id")


def history_of(role: str, source: str, history: str) -> str:
    """How far back a membership reads (`since_entry`, `all`), by the person's role, its source, its scope's history."""
    return "since_entry" if role == VISITOR else history if source == "presence" else "all"


def since_id(history: str, started_at: datetime) -> UUID:
    """The smallest id that a membership reads; `history` as `history_of` says."""
    return ids.first_id_at(started_at) if history == "since_entry" else BEGINNING
