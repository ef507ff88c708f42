"""What comes to a person unasked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, case, func, join, outerjoin, select
from sqlalchemy.orm import Session

from base import ids
from base.database import AnyRow, table_of
from journal.models import JournalHead
from journal.order import BEGINNING, begun_at, position_of
from journal.tail import EPOCH, Head
from people.audience.rules import BELONGS, FIRST_ID, SINCE, Window, live_membership, window_of
from people.models import Membership, Person, Scope, SignedInSession
from people.permissions import VISITOR


@dataclass(frozen=True)
class Followed:
    """A scope whose news come to somebody: after which position, and of what was said after which (`since`)."""

    scope_id: UUID
    since: int
    position: int


class Follows(NamedTuple):
    """That a person follows a scope: since which position (`begun_id` is of that time, for what has none yet), at
    which level at present, and of what was said after which (`since`). Every direct message counts as a mention."""

    person_id: UUID
    scope_id: UUID
    begun: int
    begun_id: UUID
    level: str
    since: int


_HELD = join(Membership, Scope, and_(Scope.id == Membership.scope_id, Scope.archived_at.is_(None)))
_BEGUN = position_of(Membership.id).label("begun")
# Asked with every connect of a socket and by nearly every request that reads: built once.
_OF_PERSON = select(
    Membership.scope_id,
    Membership.started_at,
    SINCE,
    Person.role,
).select_from(outerjoin(Person, _HELD, and_(Membership.person_id == Person.id, *live_membership())))
_FOLLOWING = _OF_PERSON.where(Person.id == bindparam("person"))
_HEADS = table_of(JournalHead)
_HEAD = select(_HEADS.c.position).where(_HEADS.c.organisation_id == Person.organisation_id).scalar_subquery()
_WHOSE = select(SignedInSession.person_id).where(SignedInSession.id == bindparam("session")).scalar_subquery()
_FOLLOWING_AT_HEAD = _OF_PERSON.add_columns(
    func.coalesce(_HEAD, 0).label("head"), EPOCH.label("epoch"), _BEGUN
).where(Person.id == _WHOSE)


def following(session: Session, person_id: UUID, organisation_id: UUID) -> list[Window]:
    """The scopes whose news come to the person."""
    rows = session.execute(_FOLLOWING, {"person": person_id}).all()
    return _windows(rows, rows, organisation_id)


def following_at_head(
    session: Session, session_id: UUID, organisation_id: UUID
) -> tuple[Head | None, list[Window]]:
    """The journal's head, and what a session's person follows as of it: both out of one snapshot.

    The relay moves the head and writes down where a membership begins in one transaction. So one that has no position
    yet begins after the head, and every other one before. An end counts from its commit on, whether it is in the
    journal or not: nothing is ever given after it, and what is left out by that is left out of sync, too. No
    head: there is no such session.
    """
    rows = session.execute(_FOLLOWING_AT_HEAD, {"session": session_id}).all()
    if not rows:
        return None, []
    begun = [row for row in rows if row.begun is not None]
    return Head(rows[0].head, rows[0].epoch), _windows(begun, rows, organisation_id)


def _windows(held: Sequence[AnyRow], persons: Sequence[AnyRow], organisation_id: UUID) -> list[Window]:
    """The scopes of these memberships, and the organisation's own unless the person is a visitor."""
    own = {
        row.scope_id: window_of(row.scope_id, row.since, row.started_at)
        for row in held
        if row.scope_id is not None
    }
    if all(row.role != VISITOR for row in persons):
        own.setdefault(organisation_id, Window(organisation_id))
    return list(own.values())


def follows_of(session: Session, persons: Sequence[UUID]) -> list[Follows]:
    """The scopes that each of some persons follows."""
    level = case((Membership.muted_until > func.now(), "nothing"), else_=Membership.level)
    heard = case((and_(Scope.kind == "direct", level == "mentions"), "all"), else_=level)
    rows = session.execute(
        select(
            Membership.person_id,
            Membership.scope_id,
            begun_at(Membership.id),
            Membership.started_at,
            heard,
            SINCE,
        )
        .join(Scope, Scope.id == Membership.scope_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.person_id.in_(persons), Scope.archived_at.is_(None), *live_membership())
    )
    follows = {(row[0], row[1]): Follows(*row[:3], ids.first_id_at(row[3]), *row[4:]) for row in rows}
    implied = select(Person.id, Person.organisation_id, Person.joined_position)
    implied = implied.where(Person.id.in_(persons), BELONGS)
    for person_id, scope_id, joined in session.execute(implied):
        own = follows.get((person_id, scope_id))
        level_of_own = "all" if own is None else own.level
        follows[person_id, scope_id] = Follows(person_id, scope_id, joined, FIRST_ID, level_of_own, BEGINNING)
    return list(follows.values())


def followed_since(session: Session, person_id: UUID, organisation_id: UUID) -> list[Followed]:
    """The scopes that are followed now, each with the position at which that began.

    A scope whose beginning the relay has not moved yet is left out: nothing in the journal comes after it.
    """
    rows = session.execute(
        select(Membership.scope_id, SINCE, _BEGUN)
        .join(Scope, Scope.id == Membership.scope_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.person_id == person_id, Scope.archived_at.is_(None), *live_membership())
    ).all()
    begun = (row for row in rows if row.begun is not None)
    followed = {row.scope_id: Followed(row.scope_id, row.since, row.begun) for row in begun}
    if session.get_one(Person, person_id).role != VISITOR:
        followed.setdefault(organisation_id, Followed(organisation_id, BEGINNING, 0))
    return list(followed.values())
