"""Direct conversations: a scope for a few people, one for each set of them, that nobody else ever reads.

The scope's id is made of the organisation and the persons, so that the same set finds the same conversation, also when
two of them open it at the same moment. To know the id helps nobody: a scope exists for its members alone.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from base.errors import Invalid, NotFound
from people.actor import Actor
from people.audience import live_membership
from people.models import Membership, Person, Scope
from people.permissions import VISITOR
from people.scopes.memberships import assign
from people.scopes.scopes import wire_scope
from people.wire import wire_person


def open_direct(session: Session, actor: Actor, person_ids: Sequence[UUID]) -> tuple[dict[str, Any], bool]:
    """The conversation of the actor with these persons, and whether it is new.

    Raises `NotFound` for whoever is not of the organisation any more, and for whom a visitor shares no scope with.
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
    new = _make(session, actor.organisation_id, scope_id, persons)
    for person in persons:
        assign(session, scope_id, person.id, "member", actor.person_id)
    scope = session.get_one(Scope, scope_id)
    return {"scope": wire_scope(scope), "persons": [wire_person(person) for person in persons]}, new


def _living(session: Session, actor: Actor, wanted: set[UUID]) -> Sequence[Person]:
    living = select(Person).where(
        Person.id.in_(wanted), Person.organisation_id == actor.organisation_id, Person.ended_at.is_(None)
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


def _make(session: Session, organisation_id: UUID, scope_id: UUID, persons: Sequence[Person]) -> bool:
    made = insert(Scope).values(
        id=scope_id,
        organisation_id=organisation_id,
        kind="direct",
        name=", ".join(person.name for person in persons),
        admission="assigned",
    )
    row = session.execute(made.on_conflict_do_nothing().returning(Scope.id)).one_or_none()
    return row is not None
