"""Visits: a person's stays in places, the evidence that carries them, the presence memberships that follow.

A visit opens with the first evidence and ends with the last; `geo/stays/evidence.py` says what counts how much. Whoever
changes a visit holds the person's lock, since two phones of one person may walk in and out at the same moment.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from base import clock, ids
from geo.models.places import Place
from geo.models.stays import Evidence, Visit
from geo.musters import roll
from geo.presence import occupancy
from geo.stays.admission import follow_presence
from geo.stays.evidence import PHONE_SOURCES, Claim, grades, keep, last_seen, let_go
from geo.stays.locks import lock_person
from journal.catalogue import VISIT_ENDED, VISIT_RESUMED, VISIT_STALE, VISIT_STARTED, VISIT_UPDATED
from journal.event_types import EventType
from journal.events import Event, append
from people.scopes.memberships import leave_presence


def wire_visit(visit: Visit, place: Place) -> dict[str, Any]:
    """A visit as REST and the events carry it."""
    return {
        "id": str(visit.id),
        "person_id": str(visit.person_id),
        "place_id": str(visit.place_id),
        "place_kind": place.kind,
        "place_name": place.name,
        "source": visit.source,
        "confidence": visit.confidence,
        "doubtful": visit.doubtful,
        "entered_at": clock.wire(visit.entered_at),
        "stale_at": clock.wire_or_none(visit.stale_at),
        "left_at": clock.wire_or_none(visit.left_at),
        "end_reason": visit.end_reason,
    }


def support(session: Session, person_id: UUID, place_id: UUID, claim: Claim) -> dict[str, Any] | None:
    """Take evidence that the person is in the place; returns the visit where it began or changed.

    Evidence in doubt makes a visit that is marked, and opens no scope by itself. What was seen before the person last
    left says nothing of now, and begins nothing; fixes are put in order before, by the engine.
    """
    lock_person(session, person_id)
    place = session.get(Place, place_id)
    if place is None or place.archived_at is not None:
        return None
    visit = _open_visit(session, person_id, place_id)
    if visit is None and claim.source != "gps" and _left_since(session, person_id, place_id, claim.at):
        return None
    begun = visit is None
    visit = visit or _begin(session, person_id, place, claim)
    keep(session, visit.id, visit.organisation_id, claim)
    before = _judged(visit)
    _judge(session, visit)
    visit.stale_at = None
    session.flush()
    follow_presence(session, visit, place, claim.at)
    if begun:
        told = _tell(session, VISIT_STARTED, visit, place, claim.given_by)
        occupancy.recount(session, place)
    else:
        changed = _judged(visit) != before
        told = _tell(session, VISIT_UPDATED, visit, place, claim.given_by) if changed else None
    roll.note(session, visit, place)
    return told


def withdraw(
    session: Session,
    visit: Visit,
    at: datetime | None,
    *,
    reason: str,
    device_id: UUID | None = None,
    sources: Sequence[str] | None = None,
    expired_at: datetime | None = None,
    actor_id: UUID | None = None,
) -> dict[str, Any] | None:
    """Let evidence of an open visit go (of a device, of some sources, expired, or all); None when nothing changed.

    `at` is when the person left; None: nobody saw it, and the visit ends as of when they were last seen there.
    """
    lock_person(session, visit.person_id)
    if not let_go(session, visit.id, device_id, sources, expired_at):
        return None
    at = at or last_seen(session, visit.id) or clock.now()
    place = session.get_one(Place, visit.place_id)
    before = _judged(visit)
    if _judge(session, visit):
        session.flush()
        follow_presence(session, visit, place, at)
        roll.note(session, visit, place)
        return _tell(session, VISIT_UPDATED, visit, place) if _judged(visit) != before else None
    return _end(session, visit, place, at, reason, actor_id)


def leave_by_fixes(
    session: Session, person_id: UUID, device_id: UUID, place_id: UUID, at: datetime
) -> list[dict[str, Any]]:
    """What the device's fixes said of the place is over; with a site, all that the device had said there."""
    place = session.get(Place, place_id)
    if place is None:
        return []
    told: list[dict[str, Any] | None] = []
    visit = _open_visit(session, person_id, place_id)
    if visit is not None:
        sources = None if place.kind == "site" else PHONE_SOURCES
        told.append(withdraw(session, visit, at, reason="left", device_id=device_id, sources=sources))
    if place.kind == "site":
        for zone in _visits_without_fixes(session, person_id, device_id, place_id):
            told.append(withdraw(session, zone, at, reason="left", device_id=device_id))
    return [payload for payload in told if payload is not None]


def end_everywhere(
    session: Session, person_id: UUID, at: datetime, reason: str, actor_id: UUID | None = None
) -> None:
    """End all open visits of a person, whatever they stood on."""
    open_ones = select(Visit).where(Visit.person_id == person_id, Visit.left_at.is_(None))
    for visit in session.scalars(open_ones).all():
        withdraw(session, visit, at, reason=reason, actor_id=actor_id)


def empty(session: Session, place_id: UUID, actor_id: UUID) -> None:
    """End all open visits of a place that is closed."""
    for visit in session.scalars(
        select(Visit).where(Visit.place_id == place_id, Visit.left_at.is_(None))
    ).all():
        withdraw(session, visit, clock.now(), reason="archived", actor_id=actor_id)


def open_visits(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Where the person is now, longest first."""
    rows = session.execute(
        select(Visit, Place)
        .join(Place, Place.id == Visit.place_id)
        .where(Visit.person_id == person_id, Visit.left_at.is_(None), Place.archived_at.is_(None))
        .order_by(Visit.entered_at, Visit.id)
    )
    return [wire_visit(visit, place) for visit, place in rows]


def open_visit(session: Session, person_id: UUID, place_id: UUID) -> Visit | None:
    """The person's open visit of a place."""
    return _open_visit(session, person_id, place_id)


def mark_stale(session: Session, visit: Visit, stale: bool) -> None:
    """Say that nothing was heard for long, or that something was heard again."""
    visit.stale_at = clock.now() if stale else None
    session.flush()
    place = session.get_one(Place, visit.place_id)
    _tell(session, VISIT_STALE if stale else VISIT_RESUMED, visit, place)
    roll.note(session, visit, place)


def _begin(session: Session, person_id: UUID, place: Place, claim: Claim) -> Visit:
    visit = Visit(
        id=ids.new_id(),
        organisation_id=place.organisation_id,
        person_id=person_id,
        place_id=place.id,
        source=claim.source,
        confidence=claim.grade,
        doubtful=claim.doubtful,
        entered_at=claim.at,
    )
    session.add(visit)
    session.flush()
    return visit


def _judge(session: Session, visit: Visit) -> bool:
    """Set confidence and doubt from what holds; False when nothing does."""
    held = grades(session, visit.id)
    sound = [grade for grade, doubtful in held if not doubtful]
    if held:
        visit.confidence, visit.doubtful = max(sound, default=1), not sound
    return bool(held)


def _judged(visit: Visit) -> tuple[int, bool]:
    return visit.confidence, visit.doubtful


def _end(
    session: Session, visit: Visit, place: Place, at: datetime, reason: str, actor_id: UUID | None
) -> dict[str, Any]:
    left_at = max(at, visit.entered_at)
    visit.left_at, visit.ended_at, visit.end_reason, visit.stale_at = left_at, clock.now(), reason, None
    session.flush()
    payload = _tell(session, VISIT_ENDED, visit, place, actor_id)
    leave_presence(session, place.id, visit.person_id, left_at)
    occupancy.recount(session, place)
    roll.note(session, visit, place)
    return payload


def _visits_without_fixes(
    session: Session, person_id: UUID, device_id: UUID, site_id: UUID
) -> Sequence[Visit]:
    """Open visits of a site's zones that the device's fixes say nothing of: a zone may stick out of its site."""
    by_fixes = select(Evidence.visit_id).where(
        Evidence.device_id == device_id, Evidence.source == "gps", Evidence.ended_at.is_(None)
    )
    return session.scalars(
        select(Visit)
        .join(Place, Place.id == Visit.place_id)
        .where(
            Visit.person_id == person_id,
            Visit.left_at.is_(None),
            Place.site_id == site_id,
            Place.kind == "zone",
            Visit.id.not_in(by_fixes),
        )
    ).all()


def _open_visit(session: Session, person_id: UUID, place_id: UUID) -> Visit | None:
    return session.scalars(
        select(Visit).where(Visit.person_id == person_id, Visit.place_id == place_id, Visit.left_at.is_(None))
    ).one_or_none()


def _left_since(session: Session, person_id: UUID, place_id: UUID, at: datetime) -> bool:
    later = (Visit.person_id == person_id, Visit.place_id == place_id, Visit.left_at > at)
    return bool(session.scalar(select(exists().where(*later))))


def _tell(
    session: Session, event_type: EventType, visit: Visit, place: Place, actor_id: UUID | None = None
) -> dict[str, Any]:
    payload = wire_visit(visit, place)
    who = actor_id or visit.person_id
    event = Event(event_type, subject_id=visit.id, payload=payload, person_id=visit.person_id, actor_id=who)
    append(session, visit.organisation_id, event)
    return payload
