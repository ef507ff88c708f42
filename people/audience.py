"""Who sees what. Feeds, sync, live, push and search all ask here; nothing else filters by hand.

`following` decides what comes to a person unasked: home feed, sync, live rooms, push. It is the live memberships,
and the organisation's own scope, where membership is implied. `visible` adds what may be read on asking: open
scopes, and for managers the places that they run.

A visitor belongs to nothing by itself: neither to the organisation's own scope nor to open ones, and knows of no other
places than those of the scopes that they were let into.

A presence membership of a scope whose history is `since_entry` reads from its start on, and so does every membership
of a visitor. Ids are made in order of time, so that start is a smallest id (`since_id`) and needs no column of its own
in any query. What still holds (an announcement or alert with an end, until that) is for everybody who is in it now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    extract,
    func,
    join,
    literal,
    or_,
    outerjoin,
    select,
    true,
)
from sqlalchemy.orm import Session

from base import ids
from base.database import AnyRow, table_of
from journal.models import JournalHead, OutboxRow
from journal.tail import journal
from people.actor import Actor
from people.models import Membership, Person, Scope, SignedInSession
from people.permissions import VISITOR, Standing

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


@dataclass(frozen=True)
class Followed:
    """A scope whose news come to somebody: after which position of the journal, and about subjects from which id on."""

    scope_id: UUID
    since_id: UUID
    position: int


@dataclass(frozen=True)
class Follower:
    """A person whom a scope's news reach, from which id on, and at which notification level."""

    person_id: UUID
    level: str
    since_id: UUID
    muted_until: datetime | None = None


def live_membership(of: type[Membership] = Membership) -> list[ColumnElement[bool]]:
    """The conditions for a membership that holds now; a grace time that has run out counts as ended."""
    return [of.ended_at.is_(None), or_(of.ends_at.is_(None), of.ends_at > func.now())]


_HISTORY = case(
    (Person.role == VISITOR, "since_entry"), (Membership.source == "presence", Scope.history), else_="all"
).label("history")
# `since_id` below, in SQL: the first 12 digits of an id are its milliseconds (`base/ids.py`).
_MILLISECONDS = func.to_hex(cast(func.floor(extract("epoch", Membership.started_at) * 1000), BigInteger))
_SINCE_ID = case(
    (_HISTORY.element == "since_entry", cast(func.lpad(_MILLISECONDS, 12, "0") + _FIRST_ID_ENDS, Uuid)),
    else_=literal(BEGINNING, Uuid),
).label("since_id")
_HELD = join(Membership, Scope, and_(Scope.id == Membership.scope_id, Scope.archived_at.is_(None)))
# Asked with every connect of a socket and by nearly every request that reads: built once.
_OF_PERSON = select(
    Membership.scope_id,
    Membership.started_at,
    Membership.level,
    _HISTORY,
    Person.role,
).select_from(outerjoin(Person, _HELD, and_(Membership.person_id == Person.id, *live_membership())))
_FOLLOWING = _OF_PERSON.where(Person.id == bindparam("person"))
_OUTBOX, _HEADS = table_of(OutboxRow), table_of(JournalHead)
_HEAD = select(_HEADS.c.position).where(_HEADS.c.organisation_id == Person.organisation_id).scalar_subquery()
_BEGINNINGS = select(_OUTBOX.c.subject_id).where(
    _OUTBOX.c.person_id == Person.id, _OUTBOX.c.type == "membership.started"
)
_WHOSE = select(SignedInSession.person_id).where(SignedInSession.id == bindparam("session")).scalar_subquery()
_FOLLOWING_AT_HEAD = _OF_PERSON.add_columns(
    func.coalesce(_HEAD, 0).label("head"), Membership.id.in_(_BEGINNINGS.correlate(Person)).label("beginning")
).where(Person.id == _WHOSE)


def following(session: Session, person_id: UUID, organisation_id: UUID) -> list[Readable]:
    """The scopes whose news come to the person."""
    rows = session.execute(_FOLLOWING, {"person": person_id}).all()
    return _readable(rows, rows, organisation_id)


def following_at_head(
    session: Session, session_id: UUID, organisation_id: UUID
) -> tuple[int, list[Readable]]:
    """The journal's head, and what a session's person follows as of it: both out of one snapshot.

    The relay moves an event out of the outbox and the head forward in one transaction. So a membership whose beginning
    is in the outbox begins after the head, and every other one before. An end counts from its commit on, whether it is
    in the journal or not: nothing is ever given after it, and what is left out by that is left out of sync, too.
    """
    rows = session.execute(_FOLLOWING_AT_HEAD, {"session": session_id}).all()
    if not rows:
        return 0, []
    begun = [row for row in rows if not row.beginning]
    return rows[0].head, _readable(begun, rows, organisation_id)


def _readable(held: Sequence[AnyRow], persons: Sequence[AnyRow], organisation_id: UUID) -> list[Readable]:
    """The scopes of these memberships, and the organisation's own unless the person is a visitor."""
    own = {
        row.scope_id: Readable(row.scope_id, since_id(row.history, row.started_at), row.level)
        for row in held
        if row.scope_id is not None
    }
    if all(row.role != VISITOR for row in persons):
        own.setdefault(organisation_id, Readable(organisation_id, BEGINNING))
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
        journal.c.type == "membership.started",
        journal.c.position > after,
    )
    outbox = table_of(OutboxRow)
    beginning = select(outbox.c.subject_id).where(
        outbox.c.person_id == person_id, outbox.c.type == "membership.started"
    )
    rows = session.execute(
        select(Membership.scope_id, Membership.started_at, _HISTORY, journal.c.position)
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


def visible(session: Session, actor: Actor) -> list[Readable]:
    """All that the person may read on asking: what is followed, what is open, what is managed."""
    scopes = {
        readable.scope_id: readable for readable in following(session, actor.person_id, actor.organisation_id)
    }
    if actor.is_visitor:
        return list(scopes.values())
    for scope_id in session.scalars(_readable_on_asking(actor)):
        if scope_id not in scopes or scopes[scope_id].since_id != BEGINNING:
            scopes[scope_id] = Readable(scope_id, BEGINNING)
    return list(scopes.values())


def readable(session: Session, actor: Actor, scope_id: UUID) -> Readable | None:
    """One scope as `visible` would list it; None when the person may not read it."""
    return next((scope for scope in visible(session, actor) if scope.scope_id == scope_id), None)


def audience(
    session: Session, scope_id: UUID, organisation_id: UUID, *, among: Sequence[UUID] | None = None
) -> list[Follower]:
    """The persons whom the scope's news reach now; `among` these only."""
    rows = session.execute(audience_of(scope_id, organisation_id, among=among))
    return [Follower(*row) for row in rows]


def audience_of(
    scope_id: UUID, organisation_id: UUID, *, among: Sequence[UUID] | None = None
) -> Select[UUID, str, UUID, datetime | None]:
    """`audience` as a statement, to join with: person_id, level, since_id, muted_until."""
    if scope_id == organisation_id:
        return _everyone(organisation_id, among)
    these = true() if among is None else Membership.person_id.in_(among)
    return (
        select(Membership.person_id, Membership.level, _SINCE_ID, Membership.muted_until)
        .join(Scope, Scope.id == Membership.scope_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.scope_id == scope_id, Scope.archived_at.is_(None), these, *live_membership())
    )


def _everyone(
    organisation_id: UUID, among: Sequence[UUID] | None
) -> Select[UUID, str, UUID, datetime | None]:
    these = true() if among is None else Person.id.in_(among)
    own = and_(Membership.person_id == Person.id, Membership.scope_id == organisation_id, *live_membership())
    level = func.coalesce(Membership.level, "all").label("level")
    since = literal(BEGINNING, Uuid).label("since_id")
    return (
        select(Person.id.label("person_id"), level, since, Membership.muted_until)
        .outerjoin(Membership, own)
        .where(
            Person.organisation_id == organisation_id,
            Person.ended_at.is_(None),
            or_(Person.role != VISITOR, Membership.id.is_not(None)),
            these,
        )
    )


def followers_among(
    session: Session, pairs: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Follower]:
    """Of many (scope, person) those whom the scope's news reach now, as `audience` would say of each scope."""
    if not pairs:
        return {}
    scopes, persons = zip(*pairs, strict=True)
    rows = session.execute(_among(), {"scopes": list(scopes), "persons": list(persons)})
    return {(row[0], row[1]): Follower(row[1], row[2], row[3], row[4]) for row in rows}


@cache
def _among() -> Select[UUID, UUID, str, UUID, datetime | None]:
    wanted = (
        func.unnest(bindparam("scopes", type_=ARRAY(Uuid)), bindparam("persons", type_=ARRAY(Uuid)))
        .table_valued(column("scope_id", Uuid), column("person_id", Uuid))
        .render_derived("wanted")
    )
    member = and_(
        Membership.scope_id == wanted.c.scope_id,
        Membership.person_id == wanted.c.person_id,
        *live_membership(),
    )
    whole, is_member = Scope.kind == "organisation", Membership.id.is_not(None)
    belongs = and_(whole, Person.ended_at.is_(None), or_(Person.role != VISITOR, is_member))
    return (
        select(
            wanted.c.scope_id,
            wanted.c.person_id,
            func.coalesce(Membership.level, "all"),
            case((whole, literal(BEGINNING, Uuid)), else_=_SINCE_ID.element),
            Membership.muted_until,
        )
        .select_from(wanted)
        .join(Scope, and_(Scope.id == wanted.c.scope_id, Scope.archived_at.is_(None)))
        .join(Person, and_(Person.id == wanted.c.person_id, Person.organisation_id == Scope.organisation_id))
        .outerjoin(Membership, member)
        .where(or_(belongs, and_(~whole, is_member)))
    )


def history_of(role: str, source: str, history: str) -> str:
    """How far back a membership reads (`since_entry`, `all`), by the person's role, its source, its scope's history."""
    return "since_entry" if role == VISITOR else history if source == "presence" else "all"


def since_id(history: str, started_at: datetime) -> UUID:
    """The smallest id that a membership reads; `history` as `history_of` says."""
    return ids.first_id_at(started_at) if history == "since_entry" else BEGINNING


def standing_by_itself(actor: Actor, kind: str, admission: str) -> Standing:
    """What a person is to a scope of which they are no member."""
    if actor.is_visitor:
        return Standing.OUTSIDER
    if kind == "organisation":
        return Standing.MEMBER
    return Standing.READER if admission == "open" else Standing.OUTSIDER


def in_sight(session: Session, actor: Actor) -> ColumnElement[bool]:
    """The condition for scopes that the actor may know of: an `assigned` one exists for its members only.

    For a visitor nothing exists but what they were let into, and the parts of it.
    """
    own = [scope.scope_id for scope in visible(session, actor)]
    shown = Scope.admission != "assigned"
    return or_(Scope.id.in_(own), and_(shown, Scope.parent_id.in_(own)) if actor.is_visitor else shown)


def lets_in(session: Session, scope_id: UUID, person_id: UUID) -> bool:
    """Whether being there is enough for this person: a visitor was let into one site, not into every one."""
    assigned = exists().where(
        Membership.person_id == person_id,
        Membership.scope_id.in_((Scope.id, Scope.parent_id)),
        Membership.source == "assigned",
        *live_membership(),
    )
    both = join(Person, Scope, Scope.organisation_id == Person.organisation_id)
    allowed = select(or_(Person.role != VISITOR, assigned)).select_from(both)
    allowed = allowed.where(Person.id == person_id, Scope.id == scope_id)
    return bool(session.scalar(allowed))


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
