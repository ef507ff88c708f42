"""The entries of a roll call, as people come, go and answer; and who is told of it.

Everyone on the roll gets `muster.started` and, while silent, `muster.reminded`. Those who oversee it (whoever began
it, its wardens, the managers of the place) get `muster.updated` with every change, which is the live board.
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from geoalchemy2.shape import to_shape
from shapely import Point
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from base import clock
from geo.models import Place, Visit
from geo.muster_models import Muster, MusterEntry
from geo.presence import Sighting
from journal.events import Event, append
from people.audience import live_membership
from people.models import Membership, Person


def wire_muster(muster: Muster, place: Place) -> dict[str, Any]:
    """A roll call as everyone on it sees it."""
    return {
        "id": str(muster.id),
        "place_id": str(muster.place_id),
        "place_kind": place.kind,
        "place_name": place.name,
        "message": muster.message,
        "started_at": clock.wire(muster.started_at),
        "started_by": str(muster.started_by),
        "ended_at": clock.wire_or_none(muster.ended_at),
    }


def wire_entry(entry: MusterEntry, name: str) -> dict[str, Any]:
    """One person's line on the board."""
    point = None if entry.point is None else cast("Point", to_shape(entry.point))
    return {
        "person": {"id": str(entry.person_id), "name": name},
        "expected": entry.expected,
        "status": entry.status,
        "certain": entry.certain,
        "doubts": list(entry.doubts),
        "sources": list(entry.sources),
        "confidence": entry.confidence,
        "last_seen_at": clock.wire_or_none(entry.last_seen_at),
        "left_at": clock.wire_or_none(entry.left_at),
        "text": entry.text,
        "point": None if point is None else {"type": "Point", "coordinates": [point.x, point.y]},
        "answered_at": clock.wire_or_none(entry.answered_at),
        "answered_by": None if entry.answered_by is None else str(entry.answered_by),
        "alerts": entry.alerts,
    }


def counts(session: Session, muster_id: UUID) -> dict[str, int]:
    """How many are expected, and how many of them are in which state."""
    unaccounted = MusterEntry.status == "unaccounted"
    row = session.execute(
        select(
            func.count().label("expected"),
            func.count().filter(unaccounted).label("unaccounted"),
            func.count().filter(MusterEntry.status == "safe").label("safe"),
            func.count().filter(MusterEntry.status == "need_help").label("need_help"),
            func.count().filter(unaccounted, MusterEntry.certain.is_(False)).label("uncertain"),
            func.count().filter(MusterEntry.left_at.is_not(None)).label("left"),
        ).where(MusterEntry.muster_id == muster_id)
    ).one()
    return {
        "expected": row.expected,
        "unaccounted": row.unaccounted,
        "safe": row.safe,
        "need_help": row.need_help,
        "uncertain": row.uncertain,
        "left": row.left,
    }


def add_entry(
    session: Session, muster: Muster, person_id: UUID, *, expected: str, **known: Any
) -> MusterEntry:
    """Put somebody on the roll who was not on it."""
    unknown = {"certain": False, "confidence": 1, "doubts": [], "sources": []}
    entry = MusterEntry(
        muster_id=muster.id,
        person_id=person_id,
        organisation_id=muster.organisation_id,
        expected=expected,
        status="unaccounted",
        alerts=1,
        **(unknown | known),
    )
    session.add(entry)
    session.flush()
    return entry


def add_entries(session: Session, muster: Muster, rows: Sequence[dict[str, Any]]) -> None:
    """Put many on the roll at its start."""
    if rows:
        common = {"muster_id": muster.id, "organisation_id": muster.organisation_id}
        session.execute(insert(MusterEntry), [row | common for row in rows])


def expected(seen: Sequence[Sighting]) -> list[dict[str, Any]]:
    """One row a person from all sightings in the place and its parts: the best of what is known of each."""
    by_person: dict[UUID, list[Sighting]] = {}
    for sighting in seen:
        by_person.setdefault(sighting.visit.person_id, []).append(sighting)
    return [_expected(person_id, stays) for person_id, stays in sorted(by_person.items())]


def _expected(person_id: UUID, stays: list[Sighting]) -> dict[str, Any]:
    there = [stay for stay in stays if stay.visit.left_at is None]
    known = there or stays
    certain = any(stay.certain for stay in known)
    return {
        "person_id": person_id,
        "expected": "present" if there else "left_recently",
        "certain": certain,
        "doubts": [] if certain else sorted({doubt for stay in known for doubt in stay.doubts}),
        "sources": sorted({source for stay in known for source in stay.visit.sources}),
        "confidence": max(stay.visit.confidence for stay in known),
        "last_seen_at": max(stay.visit.last_seen_at for stay in known),
        "left_at": None if there else max(stay.visit.left_at for stay in known),
    }


def note_arrival(session: Session, visit: Visit, place: Place) -> None:
    """Somebody came into the place: a running roll call expects them too."""
    for muster in _running(session, place):
        entry = session.get(MusterEntry, (muster.id, visit.person_id), with_for_update=True)
        known = {
            "certain": not visit.doubtful,
            "doubts": ["position_doubtful"] if visit.doubtful else [],
            "sources": [visit.source],
            "confidence": visit.confidence,
            "last_seen_at": visit.entered_at,
        }
        if entry is None:
            entry = add_entry(session, muster, visit.person_id, expected="arrived_late", **known)
            call(session, "muster.started", muster, [visit.person_id])
        else:
            entry.left_at = None
            session.flush()
        tell_board(session, muster, entry)


def note_departure(session: Session, visit: Visit, place: Place) -> None:
    """Somebody left: they stay on the roll, and it is said that they left."""
    for muster in _running(session, place):
        entry = session.get(MusterEntry, (muster.id, visit.person_id), with_for_update=True)
        if entry is None or _still_there(session, muster, visit.person_id):
            continue
        entry.left_at = visit.left_at
        session.flush()
        tell_board(session, muster, entry)


def call(session: Session, kind: str, muster: Muster, persons: Sequence[UUID]) -> None:
    """Tell each of the persons of the roll call."""
    payload = wire_muster(muster, session.get_one(Place, muster.place_id))
    events = [
        Event(kind, subject_id=muster.id, payload=payload, person_id=person_id, actor_id=muster.started_by)
        for person_id in persons
    ]
    append(session, muster.organisation_id, *events)


def tell_board(session: Session, muster: Muster, entry: MusterEntry | None = None) -> None:
    """Tell those who oversee the roll call how it stands, and which entry changed."""
    name = None if entry is None else session.get_one(Person, entry.person_id).name
    payload = {
        "muster_id": str(muster.id),
        "place_id": str(muster.place_id),
        "counts": counts(session, muster.id),
        "entry": None if entry is None or name is None else _told(wire_entry(entry, name)),
    }
    events = [
        Event("muster.updated", subject_id=muster.id, payload=payload, person_id=person_id)
        for person_id in overseers(session, muster)
    ]
    append(session, muster.organisation_id, *events)


def _told(line: dict[str, Any]) -> dict[str, Any]:
    """A line as the journal keeps it: where exactly somebody needs help is read from the board."""
    return {member: value for member, value in line.items() if member != "point"}


def overseers(session: Session, muster: Muster) -> list[UUID]:
    """Whoever began it, its wardens, and the managers of the place and its site."""
    site_id = session.get_one(Place, muster.place_id).site_id
    managers = session.scalars(
        select(Membership.person_id).where(
            Membership.scope_id.in_((muster.place_id, site_id)),
            Membership.role == "manager",
            *live_membership(),
        )
    )
    return sorted({muster.started_by, *muster.warden_ids, *managers})


def _running(session: Session, place: Place) -> Sequence[Muster]:
    here = Muster.place_id.in_({place.id, place.site_id})
    return session.scalars(select(Muster).where(here, Muster.ended_at.is_(None))).all()


def _still_there(session: Session, muster: Muster, person_id: UUID) -> bool:
    open_here = (
        select(Visit.id)
        .join(Place, Place.id == Visit.place_id)
        .where(
            Visit.person_id == person_id,
            Visit.left_at.is_(None),
            (Place.id == muster.place_id) | (Place.site_id == muster.place_id),
        )
    )
    return session.scalar(open_here.limit(1)) is not None
