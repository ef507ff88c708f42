"""Who sees what. Feeds, sync, live, push and search all ask here; nothing else filters by hand.

`following` decides what comes to a person unasked: home feed, sync, live rooms, push. It is the live memberships,
and the organisation's own scope, where membership is implied. `visible` adds what may be read on asking: open
scopes, and for managers the places that they run.

A presence membership of a scope whose history is `since_entry` reads from its start on. Ids are made in order of
time, so that start is a smallest id (`since_id`) and needs no column of its own in any query.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from base import ids
from base.database import table_of
from people.actor import Actor
from people.models import Membership, Person, Scope

BEGINNING = UUID(int=0)
_memberships, _scopes = table_of(Membership), table_of(Scope)


@dataclass(frozen=True)
class Readable:
    """A scope that somebody may read, from which id on; `level` is what is told of it by push."""

    scope_id: UUID
    since_id: UUID
    level: str = "all"


@dataclass(frozen=True)
class Follower:
    """A person whom a scope's news reach, from which id on, and at which notification level."""

    person_id: UUID
    level: str
    since_id: UUID


def live_membership() -> list[ColumnElement[bool]]:
    """The conditions for a membership that holds now; a grace time that has run out counts as ended."""
    return [
        Membership.ended_at.is_(None),
        or_(Membership.ends_at.is_(None), Membership.ends_at > func.now()),
    ]


# Asked with every connect of a socket and by nearly every request that reads: built once.
_FOLLOWING = (
    select(
        *(_memberships.c[name] for name in ("scope_id", "source", "started_at", "level")), _scopes.c.history
    )
    .join(_scopes, _scopes.c.id == _memberships.c.scope_id)
    .where(
        _memberships.c.person_id == bindparam("person_id"),
        _scopes.c.archived_at.is_(None),
        *live_membership(),
    )
)


def following(session: Session, person_id: UUID, organisation_id: UUID) -> list[Readable]:
    """The scopes whose news come to the person."""
    rows = session.execute(_FOLLOWING, {"person_id": person_id}).all()
    own = {
        row.scope_id: Readable(row.scope_id, since_id(row.source, row.history, row.started_at), row.level)
        for row in rows
    }
    own.setdefault(organisation_id, Readable(organisation_id, BEGINNING))
    return list(own.values())


def visible(session: Session, actor: Actor) -> list[Readable]:
    """All that the person may read on asking: what is followed, what is open, what is managed."""
    scopes = {
        readable.scope_id: readable for readable in following(session, actor.person_id, actor.organisation_id)
    }
    for scope_id in session.scalars(_readable_on_asking(actor)):
        if scope_id not in scopes or scopes[scope_id].since_id != BEGINNING:
            scopes[scope_id] = Readable(scope_id, BEGINNING)
    return list(scopes.values())


def readable(session: Session, actor: Actor, scope_id: UUID) -> Readable | None:
    """One scope as `visible` would list it; None when the person may not read it."""
    return next((scope for scope in visible(session, actor) if scope.scope_id == scope_id), None)


def audience(session: Session, scope_id: UUID, organisation_id: UUID) -> list[Follower]:
    """The persons whom the scope's news reach now."""
    if scope_id == organisation_id:
        return _everyone(session, organisation_id)
    rows = session.execute(
        select(
            Membership.person_id, Membership.level, Membership.source, Membership.started_at, Scope.history
        )
        .join(Scope, Scope.id == Membership.scope_id)
        .where(Membership.scope_id == scope_id, Scope.archived_at.is_(None), *live_membership())
    ).all()
    return [
        Follower(row.person_id, row.level, since_id(row.source, row.history, row.started_at)) for row in rows
    ]


def _everyone(session: Session, organisation_id: UUID) -> list[Follower]:
    own = and_(Membership.person_id == Person.id, Membership.scope_id == organisation_id, *live_membership())
    rows = session.execute(
        select(Person.id, func.coalesce(Membership.level, "all"))
        .outerjoin(Membership, own)
        .where(Person.organisation_id == organisation_id, Person.ended_at.is_(None))
    ).all()
    return [Follower(person_id, level, BEGINNING) for person_id, level in rows]


def since_id(source: str, history: str, started_at: datetime) -> UUID:
    """The smallest id that a membership reads."""
    cut = source == "presence" and history == "since_entry"
    return ids.first_id_at(started_at) if cut else BEGINNING


def managed_scopes(session: Session, actor: Actor) -> list[UUID]:
    """The scopes that the person manages, without their parts."""
    return list(session.scalars(_managed(actor)))


def _managed(actor: Actor) -> Select[UUID]:
    return select(Membership.scope_id).where(
        Membership.person_id == actor.person_id, Membership.role == "manager", *live_membership()
    )


def _readable_on_asking(actor: Actor) -> Select[UUID]:
    if actor.is_administrator:
        places = Scope.kind.in_(("site", "zone"))
        return select(Scope.id).where(Scope.archived_at.is_(None), or_(places, Scope.admission == "open"))
    managed = _managed(actor).scalar_subquery()
    return select(Scope.id).where(
        Scope.archived_at.is_(None),
        or_(Scope.admission == "open", Scope.id.in_(managed), Scope.parent_id.in_(managed)),
    )
