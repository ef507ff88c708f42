"""Leaving several places at once: out of a site and its zones by fixes, out of a closed place, out of all of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo.models.places import Place
from geo.stays import departures
from geo.stays.evidence import PHONE_SOURCES, everything, said_by
from geo.stays.open_visits import open_visit, open_visits_in, open_visits_of, zone_visits_without_fixes
from geo.stays.visits import Leaving, withdraw


def leave_by_fixes(
    session: Session, person_id: UUID, device_id: UUID, place_id: UUID, at: datetime
) -> list[dict[str, Any]]:
    """What the device's fixes said of the place is over; with a site, all that the device had said there.

    Returns the visits that ended or changed.
    """
    place = session.get(Place, place_id)
    if place is None:
        return []
    left = Leaving("left", at)
    of_site = place.kind == "site"
    departures.remember(session, person_id, place, at, device_id, None if of_site else PHONE_SOURCES)
    changed: list[dict[str, Any] | None] = []
    visit = open_visit(session, person_id, place_id)
    if visit is not None:
        which = said_by(device_id) if of_site else said_by(device_id, PHONE_SOURCES)
        changed.append(withdraw(session, visit, which, left))
    if of_site:
        for zone_visit in zone_visits_without_fixes(session, person_id, device_id, place_id):
            changed.append(withdraw(session, zone_visit, said_by(device_id), left))
    return [payload for payload in changed if payload is not None]


def end_visits_of(session: Session, person_id: UUID, leaving: Leaving) -> None:
    """End all open visits of a person, whatever they stood on."""
    for visit in open_visits_of(session, person_id):
        withdraw(session, visit, everything(), leaving)


def end_visits_in(session: Session, place_id: UUID, leaving: Leaving) -> None:
    """End all open visits of a place, whatever they stood on."""
    for visit in open_visits_in(session, place_id):
        withdraw(session, visit, everything(), leaving)
