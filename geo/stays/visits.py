"""Visits: a person's stays in places, the evidence that carries them, the presence memberships that follow.

A visit opens with the first evidence and ends with the last; `geo/stays/evidence.py` says what counts how much.
`take_claim` adds evidence, `withdraw` lets some go, and both weigh what is left. Whoever changes a visit holds the
person's lock, since two phones of one person may walk in and out at the same moment.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from base import clock, ids
from geo.models.places import Place
from geo.models.stays import Visit
from geo.musters import roll
from geo.presence import occupancy
from geo.stays import departures
from geo.stays.admission import follow_presence
from geo.stays.evidence import Claim, Which, grades, keep, last_seen, let_go
from geo.stays.locks import lock_person
from geo.stays.open_visits import open_visit, wire_visit
from journal.catalogue import VISIT_ENDED, VISIT_RESUMED, VISIT_STALE, VISIT_STARTED, VISIT_UPDATED
from journal.event_types import EventType
from journal.events import Event, append
from people.scopes.memberships import leave_presence


@dataclass(frozen=True)
class Leaving:
    """How a visit ends where nothing holds it any more: why, when the person left, and who says so if not they.

    `at` is None where nobody saw it: then they left when they were last seen there.
    """

    reason: str
    at: datetime | None
    by: UUID | None = None

    @classmethod
    def unseen(cls, reason: str) -> Self:
        """A leaving that nobody saw."""
        return cls(reason, None)


def take_claim(
    session: Session, person_id: UUID, place_id: UUID, claim: Claim, *, aloud: bool = False
) -> dict[str, Any] | None:
    """Take evidence that the person is in the place; returns the visit where it began or changed (`aloud`: anyway).

    Evidence in doubt makes a visit that is marked, and opens no scope by itself. What was seen before the person last
    left says nothing of now, and counts for nothing; fixes are put in order before, by the engine.
    """
    lock_person(session, person_id)
    place = session.get(Place, place_id)
    if place is None or place.archived_at is not None:
        return None
    visit = open_visit(session, person_id, place_id)
    if claim.source != "gps" and _late(session, person_id, place, claim, visit):
        return None
    begun = visit is None
    visit = visit or _begin(session, person_id, place, claim)
    keep(session, visit.id, visit.organisation_id, claim)
    before = _credit(visit)
    _weigh(session, visit)
    visit.stale_at = None
    session.flush()
    follow_presence(session, visit, place, claim.at)
    if begun:
        told = _tell(session, VISIT_STARTED, visit, place, claim.given_by)
        occupancy.follow_visit(session, place)
    else:
        changed = aloud or _credit(visit) != before
        told = _tell(session, VISIT_UPDATED, visit, place, claim.given_by) if changed else None
    roll.follow_visit(session, visit, place)
    return told


def withdraw(
    session: Session, visit: Visit, which: Which, leaving: Leaving, *, aloud: bool = False
) -> dict[str, Any] | None:
    """Let evidence of an open visit go; without any other it ends as `leaving` says.

    None when nothing changed; `aloud`: the person is told that something was let go, also where it changed nothing.
    """
    lock_person(session, visit.person_id)
    if not let_go(session, visit.id, which):
        return None
    left_at = leaving.at or last_seen(session, visit.id) or clock.now()
    place = session.get_one(Place, visit.place_id)
    before = _credit(visit)
    if not _weigh(session, visit):
        return _end(session, visit, place, left_at, leaving)
    session.flush()
    follow_presence(session, visit, place, left_at)
    roll.follow_visit(session, visit, place)
    changed = aloud or _credit(visit) != before
    return _tell(session, VISIT_UPDATED, visit, place, leaving.by) if changed else None


def mark_stale(session: Session, visit: Visit) -> None:
    """Nothing was heard for long."""
    visit.stale_at = clock.now()
    _tell_freshness(session, VISIT_STALE, visit)


def mark_resumed(session: Session, visit: Visit) -> None:
    """Something was heard again."""
    visit.stale_at = None
    _tell_freshness(session, VISIT_RESUMED, visit)


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


def _weigh(session: Session, visit: Visit) -> bool:
    """Set confidence and doubt from the evidence that holds; False when none does."""
    held = grades(session, visit.id)
    sound = [grade for grade, doubtful in held if not doubtful]
    if held:
        visit.confidence, visit.doubtful = max(sound, default=1), not sound
    return bool(held)


def _credit(visit: Visit) -> tuple[int, bool]:
    """How far the visit is believed."""
    return visit.confidence, visit.doubtful


def _end(session: Session, visit: Visit, place: Place, at: datetime, leaving: Leaving) -> dict[str, Any]:
    left_at = max(at, visit.entered_at)
    visit.left_at, visit.ended_at, visit.stale_at = left_at, clock.now(), None
    visit.end_reason = leaving.reason
    session.flush()
    payload = _tell(session, VISIT_ENDED, visit, place, leaving.by)
    leave_presence(session, place.id, visit.person_id, left_at)
    occupancy.follow_visit(session, place)
    roll.follow_visit(session, visit, place)
    return payload


def _late(session: Session, person_id: UUID, place: Place, claim: Claim, visit: Visit | None) -> bool:
    """Whether the claim is from before a leaving that ended a visit, or that would have ended this claim."""
    ended = visit is None and _left_since(session, person_id, place.id, claim.at)
    return ended or departures.said_since(session, person_id, place, claim)


def _left_since(session: Session, person_id: UUID, place_id: UUID, at: datetime) -> bool:
    later = (Visit.person_id == person_id, Visit.place_id == place_id, Visit.left_at > at)
    return bool(session.scalar(select(exists().where(*later))))


def _tell_freshness(session: Session, event_type: EventType, visit: Visit) -> None:
    session.flush()
    place = session.get_one(Place, visit.place_id)
    _tell(session, event_type, visit, place)
    roll.follow_visit(session, visit, place)


def _tell(
    session: Session, event_type: EventType, visit: Visit, place: Place, by: UUID | None = None
) -> dict[str, Any]:
    """Write to the person what became of their visit; returns it. `by` is who did it, if not they."""
    payload = wire_visit(visit, place)
    actor_id = by or visit.person_id
    event = Event(
        event_type, subject_id=visit.id, payload=payload, person_id=visit.person_id, actor_id=actor_id
    )
    append(session, visit.organisation_id, event)
    return payload
