"""What comes to a person unasked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    and_,
    bindparam,
    func,
    join,
    outerjoin,
    select,
)
from sqlalchemy.orm import Session

from base.database import AnyRow, table_of
from journal.catalogue import MEMBERSHIP_STARTED
from journal.models import JournalHead, OutboxRow
from journal.tail import EPOCH, Head, journal
from people.audience.rules import BEGINNING, HISTORY, Window, live_membership, since_id
from people.models import Membership, Person, Scope, SignedInSession
from people.permissions import VISITOR


@dataclass(frozen=True)
class Followed:
    """A scope whose news come to somebody: after which position of the journal, and about subjects from which id on."""

    scope_id: UUID
    since_id: UUID
    position: int


ACTS_ON = frozenset({MEMBERSHIP_STARTED.name})
_HELD = join(Membership, Scope, and_(Scope.id == Membership.scope_id, Scope.archived_at.is_(None)))
# Asked with every connect of a socket and by nearly every request that reads: built once.
_OF_PERSON = select(
    Membership.scope_id,
    Membership.started_at,
    HISTORY,
    Person.role,
).select_from(outerjoin(Person, _HELD, and_(Membership.person_id == Person.id, *live_membership())))
_FOLLOWING = _OF_PERSON.where(Person.id == bindparam("person"))
_OUTBOX, _HEADS = table_of(OutboxRow), table_of(JournalHead)
_HEAD = select(_HEADS.c.position).where(_HEADS.c.organisation_id == Person.organisation_id).scalar_subquery()
_BEGINNINGS = select(_OUTBOX.c.subject_id).where(
    _OUTBOX.c.person_id == Person.id, _OUTBOX.c.type == MEMBERSHIP_STARTED.name
)
_WHOSE = select(SignedInSession.person_id).where(SignedInSession.id == bindparam("session")).scalar_subquery()
_FOLLOWING_AT_HEAD = _OF_PERSON.add_columns(
    func.coalesce(_HEAD, 0).label("head"),
    EPOCH.label("epoch"),
    Membership.id.in_(_BEGINNINGS.correlate(Person)).label("beginning"),
).where(Person.id == _WHOSE)


def following(session: Session, person_id: UUID, organisation_id: UUID) -> list[Window]:
    """The scopes whose news come to the person."""
    rows = session.execute(_FOLLOWING, {"person": person_id}).all()
    return _windows(rows, rows, organisation_id)


def following_at_head(
    session: Session, session_id: UUID, organisation_id: UUID
) -> tuple[Head | None, list[Window]]:
    """The journal's head, and what a session's person follows as of it: both out of one snapshot.

    The relay moves an event out of the outbox and the head forward in one transaction. So a membership whose beginning
    is in the outbox begins after the head, and every other one before. An end counts from its commit on, whether it is
    in the journal or not: nothing is ever given after it, and what is left out by that is left out of sync, too. No
    head: there is no such session.
    """
    rows = session.execute(_FOLLOWING_AT_HEAD, {"session": session_id}).all()
    if not rows:
        return None, []
    begun = [row for row in rows if not row.beginning]
    return Head(rows[0].head, rows[0].epoch), _windows(begun, rows, organisation_id)


def _windows(held: Sequence[AnyRow], persons: Sequence[AnyRow], organisation_id: UUID) -> list[Window]:
    """The scopes of these memberships, and the organisation's own unless the person is a visitor."""
    own = {
        row.scope_id: Window(row.scope_id, since_id(row.history, row.started_at))
        for row in held
        if row.scope_id is not None
    }
    if all(row.role != VISITOR for row in persons):
        own.setdefault(organisation_id, Window(organisation_id, BEGINNING))
    return list(own.values())


def following_from(session: Session, person_id: UUID, organisation_id: UUID) -> dict[UUID, datetime]:
    """The scopes that are followed, each with the time since when."""
    rows = session.execute(
        select(Membership.scope_id, Membership.started_at)
        .join(Scope, Scope.id == Membership.scope_id)
        .where(Membership.person_id == person_id, Scope.archived_at.is_(None), *live_membership())
    ).all()
    since = {row.scope_id: row.started_at for row in rows}
    person = session.get_one(Person, person_id)
    if person.role != VISITOR:
        since[organisation_id] = person.created_at
    return since


def following_of(session: Session, persons: Sequence[UUID]) -> list[tuple[UUID, UUID, datetime]]:
    """The scopes that each of many persons follows: (person, scope, since when), as `following_from` says of one."""
    rows = session.execute(
        select(Membership.person_id, Membership.scope_id, Membership.started_at)
        .join(Scope, Scope.id == Membership.scope_id)
        .where(Membership.person_id.in_(persons), Scope.archived_at.is_(None), *live_membership())
    )
    since = {(person_id, scope_id): started_at for person_id, scope_id, started_at in rows}
    implied = select(Person.id, Person.organisation_id, Person.created_at)
    implied = implied.where(Person.id.in_(persons), Person.role != VISITOR)
    for person_id, scope_id, created_at in session.execute(implied):
        since[person_id, scope_id] = created_at
    return [(*pair, started_at) for pair, started_at in since.items()]


def followed_since(session: Session, person_id: UUID, organisation_id: UUID, after: int) -> list[Followed]:
    """The scopes that are followed now, each with the position at which that began, where it is after `after`.

    A scope whose beginning the relay has not moved yet is left out: nothing in the journal comes after it.
    """
    begun = and_(
        journal.c.person_id == Membership.person_id,
        journal.c.subject_id == Membership.id,
        journal.c.type == MEMBERSHIP_STARTED.name,
        journal.c.position > after,
    )
    outbox = table_of(OutboxRow)
    beginning = select(outbox.c.subject_id).where(
        outbox.c.person_id == person_id, outbox.c.type == MEMBERSHIP_STARTED.name
    )
    rows = session.execute(
        select(Membership.scope_id, Membership.started_at, HISTORY, journal.c.position)
        .join(Scope, Scope.id == Membership.scope_id)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(journal, begun)
        .where(
            Membership.person_id == person_id,
            Membership.id.not_in(beginning),
            Scope.archived_at.is_(None),
            *live_membership(),
        )
    ).all()
    followed = {
        row.scope_id: Followed(row.scope_id, since_id(row.history, row.started_at), row.position or 0)
        for row in rows
    }
    if session.get_one(Person, person_id).role != VISITOR:
        followed.setdefault(organisation_id, Followed(organisation_id, BEGINNING, 0))
    return list(followed.values())
