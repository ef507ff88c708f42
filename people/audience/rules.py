"""What holds for every answer: which memberships count, and from which id on each of them reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
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
# How the types of those events begin that tell what was said. Only they are history; what is so of a scope itself
# (its name, its charter, that it is too full) is for everybody who is in it now. What is told again counts as said when
# it was said first: the subject of these events is the post.
SAID = ("post.", "alert.")


@dataclass(frozen=True)
class Readable:
    """A scope that somebody may read, from which id on; `level` is what is told of it by push."""

    scope_id: UUID
    since_id: UUID
    level: str = "all"

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


HISTORY = case(
    (Person.role == VISITOR, "since_entry"), (Membership.source == "presence", Scope.history), else_="all"
).label("history")
# `since_id` below, in SQL: the first 12 digits of an id are its milliseconds (`base/ids.py`).
_MILLISECONDS = func.to_hex(cast(func.floor(extract("epoch", Membership.started_at) * 1000), BigInteger))
SINCE_ID = case(
    (HISTORY.element == "since_entry", cast(func.lpad(_MILLISECONDS, 12, "0") + _FIRST_ID_ENDS, Uuid)),
    else_=literal(BEGINNING, Uuid),
).label("since_id")


def history_of(role: str, source: str, history: str) -> str:
    """How far back a membership reads (`since_entry`, `all`), by the person's role, its source, its scope's history."""
    return "since_entry" if role == VISITOR else history if source == "presence" else "all"


def since_id(history: str, started_at: datetime) -> UUID:
    """The smallest id that a membership reads; `history` as `history_of` says."""
    return ids.first_id_at(started_at) if history == "since_entry" else BEGINNING
