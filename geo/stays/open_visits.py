"""Who is where now: the visits that are open, as rows and as the wire carries them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from base import clock
from geo.models.places import Place
from geo.models.stays import Evidence, Visit


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


def wire_open_visits(
    session: Session, person_id: UUID, places: set[UUID] | None = None
) -> list[dict[str, Any]]:
    """Where the person is now, longest first; of some places, or anywhere. Archived places are left out."""
    rows = session.execute(
        select(Visit, Place)
        .join(Place, Place.id == Visit.place_id)
        .where(Visit.person_id == person_id, Visit.left_at.is_(None), Place.archived_at.is_(None))
        .order_by(Visit.entered_at, Visit.id)
    )
    return [wire_visit(visit, place) for visit, place in rows if places is None or place.id in places]


def open_visit(session: Session, person_id: UUID, place_id: UUID) -> Visit | None:
    """The person's open visit of a place."""
    of_place = (Visit.person_id == person_id, Visit.place_id == place_id, Visit.left_at.is_(None))
    return session.scalars(select(Visit).where(*of_place)).one_or_none()


def open_visits_of(session: Session, person_id: UUID, *which: ColumnElement[bool]) -> Sequence[Visit]:
    """All open visits of a person, or those of them that fulfil some conditions."""
    return session.scalars(
        select(Visit).where(Visit.person_id == person_id, Visit.left_at.is_(None), *which)
    ).all()


def open_visits_in(session: Session, place_id: UUID) -> Sequence[Visit]:
    """All open visits of a place."""
    return session.scalars(select(Visit).where(Visit.place_id == place_id, Visit.left_at.is_(None))).all()


def zone_visits_without_fixes(
    session: Session, person_id: UUID, device_id: UUID, site_id: UUID
) -> Sequence[Visit]:
    """Open visits of a site's zones that the device's fixes say nothing of: a zone may stick out of its site."""
    zones = select(Place.id).where(Place.site_id == site_id, Place.kind == "zone")
    by_fixes = select(Evidence.visit_id).where(
        Evidence.device_id == device_id, Evidence.source == "gps", Evidence.ended_at.is_(None)
    )
    return open_visits_of(session, person_id, Visit.place_id.in_(zones), Visit.id.not_in(by_fixes))
