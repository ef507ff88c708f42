"""Visits: a person's stays in places, and the presence memberships that come with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock, ids
from geo.models import Place, Visit
from journal.events import Event, append
from people.actor import Actor
from people.memberships import leave_presence, start_membership
from people.models import Person, Scope
from people.persons import wire_person


def wire_visit(visit: Visit, place: Place) -> dict[str, Any]:
    """A visit as REST and the events carry it."""
    return {
        "id": str(visit.id),
        "person_id": str(visit.person_id),
        "place_id": str(visit.place_id),
        "place_kind": place.kind,
        "place_name": place.name,
        "source": visit.source,
        "doubtful": visit.doubtful,
        "entered_at": clock.wire(visit.entered_at),
        "left_at": clock.wire_or_none(visit.left_at),
    }


def begin_visit(
    session: Session, actor: Actor, place_id: UUID, at: datetime, *, source: str, doubtful: bool = False
) -> dict[str, Any] | None:
    """Record that the actor is in a place, and let a `present` scope follow; None when that was known.

    Doubtful evidence (a mocked position) makes a visit that is marked, and opens no scope.
    """
    place = session.get(Place, place_id)
    if place is None or place.archived_at is not None or _open_visit(session, actor.person_id, place_id):
        return None
    visit = Visit(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        place_id=place_id,
        device_id=actor.device_id,
        source=source,
        doubtful=doubtful,
        entered_at=at,
    )
    session.add(visit)
    session.flush()
    payload = _tell(session, "visit.started", visit, place)
    if not doubtful and session.get_one(Scope, place_id).admission == "present":
        start_membership(session, place_id, actor.person_id, source="presence")
    return payload


def end_visit(session: Session, actor: Actor, place_id: UUID, at: datetime) -> dict[str, Any] | None:
    """Record that the actor's device has left; None when another device or source keeps the visit open."""
    visit = _open_visit(session, actor.person_id, place_id)
    if visit is None or visit.device_id != actor.device_id:
        return None
    left_at = max(at, visit.entered_at)
    visit.left_at = left_at
    session.flush()
    payload = _tell(session, "visit.ended", visit, session.get_one(Place, place_id))
    leave_presence(session, place_id, actor.person_id, left_at)
    return payload


def present_in(session: Session, place_id: UUID, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Who is in the place now, in the order of arrival, with names."""
    query = (
        select(Visit, Place, Person)
        .join(Place, Place.id == Visit.place_id)
        .join(Person, Person.id == Visit.person_id)
        .where(Visit.place_id == place_id, Visit.left_at.is_(None))
    )
    if after is not None:
        query = query.where(Visit.id > after)
    rows = session.execute(query.order_by(Visit.id).limit(limit))
    return [wire_visit(visit, place) | {"person": wire_person(person)} for visit, place, person in rows]


def open_visits(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Where the person is now, longest first."""
    rows = session.execute(
        select(Visit, Place)
        .join(Place, Place.id == Visit.place_id)
        .where(Visit.person_id == person_id, Visit.left_at.is_(None), Place.archived_at.is_(None))
        .order_by(Visit.entered_at, Visit.id)
    )
    return [wire_visit(visit, place) for visit, place in rows]


def _open_visit(session: Session, person_id: UUID, place_id: UUID) -> Visit | None:
    return session.scalars(
        select(Visit).where(Visit.person_id == person_id, Visit.place_id == place_id, Visit.left_at.is_(None))
    ).one_or_none()


def _tell(session: Session, kind: str, visit: Visit, place: Place) -> dict[str, Any]:
    payload = wire_visit(visit, place)
    event = Event(
        kind,
        subject_id=visit.id,
        payload=payload,
        person_id=visit.person_id,
        actor_id=visit.person_id,
    )
    append(session, visit.organisation_id, event)
    return payload
