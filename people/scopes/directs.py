"""Direct conversations: a scope for a few people, one for each set of them, that nobody else ever reads.

The scope's id is made of the organisation and the persons, so that the same set finds the same conversation, also when
two of them open it at the same moment. To know the id helps nobody: a scope exists for its members alone.

Whoever is taken into one may leave it, and is taken into it by nobody else again (`people/scopes/departures.py`).
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from base.errors import Invalid, NotFound
from journal.catalogue import DIRECT_UPDATED
from journal.events import Event, append
from people.actor import Actor
from people.audience import live_membership
from people.models import Membership, Person, Scope
from people.permissions import SERVICE, VISITOR, Permission
from people.scopes import departures
from people.scopes.member_lists import live_membership_of
from people.scopes.memberships import assign, end_membership, one_at_a_time
from people.scopes.scopes import scope_for, wire_scope
from people.wire import wire_person


def open_direct(session: Session, actor: Actor, person_ids: Sequence[UUID]) -> tuple[dict[str, Any], bool]:
    """The conversation of the actor with these persons, and whether it is new.

    Who left it stays out until they open it themselves, and who left another one that the actor had taken them into is
    not taken into a new one. Raises `NotFound` for whoever is not of the organisation any more, and for whom a visitor
    shares no scope with.
    """
    wanted = {actor.person_id, *person_ids}
    if len(wanted) == 1:
        raise Invalid.at("/person_ids", "Name somebody else.")
    persons = _living(session, actor, wanted)
    if len(persons) < len(wanted):
        raise NotFound
    for person in persons:
        if person.role == VISITOR:
            _check_shares(session, person.id, wanted - {person.id})
    scope_id = _id_of(actor.organisation_id, wanted)
    new = _make(session, actor, scope_id, persons)
    before = () if new else departures.left_ids(session, scope_id)
    for person in persons:
        _take_in(session, actor, scope_id, person.id, wanted)
    if departures.left_ids(session, scope_id) != before:
        _tell(session, actor, scope_id)
    return wire_direct(session, scope_id), new


def read_direct(session: Session, actor: Actor, scope_id: UUID) -> dict[str, Any]:
    """A conversation that the actor is in; `NotFound` for everybody else, and for other scopes."""
    if scope_for(session, actor, scope_id, Permission.POSTS_READ).kind != "direct":
        raise NotFound
    return wire_direct(session, scope_id)


def leave_direct(session: Session, actor: Actor, scope_id: UUID) -> None:
    """Leave a conversation: nothing of it reaches the actor from now on, and the others see that they left.

    Nobody takes them into it again, nor does who took them into this one take them into others, until the actor opens
    one with them. Raises `NotFound` for who is not in it.
    """
    one_at_a_time(session, actor.person_id)
    membership = live_membership_of(session, scope_id, actor.person_id)
    scope = session.get_one(Scope, scope_id) if membership is not None else None
    if membership is None or scope is None or scope.kind != "direct":
        raise NotFound
    end_membership(session, membership, reason="left", actor_id=actor.person_id)
    departures.remember(session, scope, actor.person_id)
    _tell(session, actor, scope_id)


def wire_direct(session: Session, scope_id: UUID) -> dict[str, Any]:
    """A conversation with the persons that it is for, by their ids, and those of them who left."""
    persons = select(Person).where(Person.id.in_(departures.persons_of(scope_id))).order_by(Person.id)
    return {
        "scope": wire_scope(session.get_one(Scope, scope_id)),
        "persons": [wire_person(person) for person in session.scalars(persons)],
        "left_ids": [str(person_id) for person_id in departures.left_ids(session, scope_id)],
    }


def _take_in(session: Session, actor: Actor, scope_id: UUID, person_id: UUID, wanted: set[UUID]) -> None:
    one_at_a_time(session, person_id)
    if person_id == actor.person_id:
        departures.take_back(session, scope_id, person_id, wanted)
    elif live_membership_of(session, scope_id, person_id) is None and departures.stays_out(
        session, scope_id, person_id, actor.person_id
    ):
        return
    assign(session, scope_id, person_id, "member", actor.person_id)


def _tell(session: Session, actor: Actor, scope_id: UUID) -> None:
    event = Event(
        DIRECT_UPDATED,
        subject_id=scope_id,
        payload=wire_direct(session, scope_id),
        scope_id=scope_id,
        actor_id=actor.person_id,
    )
    append(session, actor.organisation_id, event)


def _living(session: Session, actor: Actor, wanted: set[UUID]) -> Sequence[Person]:
    living = select(Person).where(
        Person.id.in_(wanted),
        Person.organisation_id == actor.organisation_id,
        Person.role != SERVICE,
        Person.ended_at.is_(None),
    )
    return session.scalars(living.order_by(Person.id)).all()


def _check_shares(session: Session, visitor_id: UUID, others: set[UUID]) -> None:
    """A visitor knows of those alone who belong where they were let in; who is merely there now is not told."""
    mine = aliased(Membership)
    shared = (
        exists()
        .where(mine.person_id == visitor_id, mine.scope_id == Membership.scope_id, mine.ended_at.is_(None))
        .where(Scope.id == Membership.scope_id, Scope.kind != "direct", Scope.archived_at.is_(None))
        .correlate(Membership)
    )
    known = session.scalars(
        select(Membership.person_id).where(
            Membership.person_id.in_(others), Membership.source != "presence", *live_membership(), shared
        )
    )
    if set(known) != others:
        raise NotFound


def _id_of(organisation_id: UUID, persons: set[UUID]) -> UUID:
    """A UUIDv8 (RFC 9562): the digest of those whom the conversation is for."""
    named = b"".join(person.bytes for person in sorted(persons))
    digest = int.from_bytes(hashlib.sha256(b"direct" + organisation_id.bytes + named).digest()[:16])
    version_and_variant = (8 << 76) | (0b10 << 62)
    return UUID(int=digest & ~((0xF << 76) | (0b11 << 62)) | version_and_variant)


def _make(session: Session, actor: Actor, scope_id: UUID, persons: Sequence[Person]) -> bool:
    made = insert(Scope).values(
        id=scope_id,
        organisation_id=actor.organisation_id,
        kind="direct",
        name=", ".join(person.name for person in persons),
        admission="assigned",
        opened_by=actor.person_id,
    )
    row = session.execute(made.on_conflict_do_nothing().returning(Scope.id)).one_or_none()
    return row is not None
