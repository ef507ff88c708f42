"""Who has acknowledged a notice, and who is silent.

A person's word stands from the first time on, and is taken also after the notice has ended: a phone may have had no
network. The account is worked out from those whom the scope's news reach now and who may see the notice; its author
owes nobody a word. Somebody who has left stays among those who acknowledged and is no longer silent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.errors import Conflict
from geo.charters import check_named
from geo.models import Place
from journal.events import Event, append
from people.actor import Actor
from people.audience import BEGINNING, audience
from people.models import Person, Scope
from people.permissions import Permission
from social.models import Acknowledgement
from social.posts import check_alive, post_for

_COLUMNS = (Acknowledgement.post_id, Acknowledgement.scope_id, Acknowledgement.acknowledged_at)


class NotAsked(Conflict):
    """The post asks for no acknowledgement."""

    code, title = "not_asked", "This post asks for no acknowledgement"


def acknowledge(
    session: Session, actor: Actor, post_id: UUID, *, at: datetime | None = None
) -> dict[str, Any]:
    """Say that one knows of a notice; `at`: when that was, where it waited on a phone. The first time stands.

    Raises `NotAsked`, or `PostDeleted`. The person's other devices hear `acknowledgement.created`.
    """
    row, _ = post_for(session, actor, post_id, Permission.POSTS_READ)
    check_alive(row)
    if not row.asks_acknowledgement:
        raise NotAsked
    written = session.execute(
        insert(Acknowledgement)
        .values(
            post_id=post_id,
            person_id=actor.person_id,
            organisation_id=actor.organisation_id,
            scope_id=row.scope_id,
            acknowledged_at=max(at or clock.now(), row.created_at),
            device_id=actor.device_id,
        )
        .on_conflict_do_nothing()
        .returning(*_COLUMNS)
    ).one_or_none()
    if written is not None:
        _tell(session, actor, wire_acknowledgement(written))
        return wire_acknowledgement(written)
    mine = (Acknowledgement.post_id == post_id, Acknowledgement.person_id == actor.person_id)
    return wire_acknowledgement(session.execute(select(*_COLUMNS).where(*mine)).one())


def wire_acknowledgement(row: AnyRow) -> dict[str, Any]:
    """An acknowledgement as REST and its event carry it."""
    return {
        "post_id": str(row.post_id),
        "scope_id": str(row.scope_id),
        "acknowledged_at": clock.wire(row.acknowledged_at),
    }


def summary(session: Session, actor: Actor, post_id: UUID) -> dict[str, int]:
    """How many a notice asks, and how many of them have acknowledged it."""
    row = _asked_for(session, actor, post_id)
    asked = _asked(session, row, actor.organisation_id)
    silent = len(asked - _acknowledged(session, post_id))
    return {"audience": len(asked), "acknowledged": len(asked) - silent, "silent": silent}


def list_acknowledged(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who acknowledged, by their ids, the ones who have left since included."""
    _asked_for(session, actor, post_id)
    found = session.execute(
        select(Person.id, Person.name, Acknowledgement.acknowledged_at)
        .join(Acknowledgement, Acknowledgement.person_id == Person.id)
        .where(Acknowledgement.post_id == post_id, Person.id > (after or BEGINNING))
        .order_by(Person.id)
        .limit(limit)
    )
    return [
        {"person": {"id": str(person_id), "name": name}, "acknowledged_at": clock.wire(at)}
        for person_id, name, at in found
    ]


def list_silent(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who have not acknowledged, by their ids.

    Raises `AggregateOnly` where that would tell who is in a place that shows numbers alone.
    """
    row = _asked_for(session, actor, post_id)
    place = place_of_presence(session, row.scope_id)
    if place is not None:
        check_named(session, place)
    silent = sorted(
        person for person in silent_on(session, row, actor.organisation_id) if person > _of(after)
    )
    return [{"person": person, "acknowledged_at": None} for person in named(session, silent[:limit])]


def silent_on(session: Session, row: AnyRow, organisation_id: UUID) -> set[UUID]:
    """Those whom a notice (its id, scope and author) reaches now and who have not acknowledged it."""
    return _asked(session, row, organisation_id) - _acknowledged(session, row.id)


def named(session: Session, persons: Sequence[UUID]) -> list[dict[str, Any]]:
    """Persons with their names, by id."""
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(persons)).order_by(Person.id))
    return [{"id": str(person_id), "name": name} for person_id, name in rows]


def place_of_presence(session: Session, scope_id: UUID) -> Place | None:
    """The place of a scope that one follows by being there, where naming its followers names who is there."""
    present: ColumnElement[bool] = Scope.admission == "present"
    query = select(Place).join(Scope, Scope.id == Place.id).where(Place.id == scope_id, present)
    return session.scalars(query).one_or_none()


def _of(after: UUID | None) -> UUID:
    return after or BEGINNING


def _asked_for(session: Session, actor: Actor, post_id: UUID) -> AnyRow:
    """Load a notice for a manager."""
    row, _ = post_for(session, actor, post_id, Permission.POSTS_MODERATE)
    if not row.asks_acknowledgement:
        raise NotAsked
    return row


def _asked(session: Session, row: AnyRow, organisation_id: UUID) -> set[UUID]:
    followers = audience(session, row.scope_id, organisation_id)
    return {one.person_id for one in followers if one.since_id <= row.id} - {row.author_id}


def _acknowledged(session: Session, post_id: UUID) -> set[UUID]:
    acknowledged = select(Acknowledgement.person_id).where(Acknowledgement.post_id == post_id)
    return set(session.scalars(acknowledged))


def _tell(session: Session, actor: Actor, payload: dict[str, Any]) -> None:
    event = Event(
        "acknowledgement.created",
        subject_id=UUID(payload["post_id"]),
        payload=payload,
        person_id=actor.person_id,
        actor_id=actor.person_id,
    )
    append(session, actor.organisation_id, event)
