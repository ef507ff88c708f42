"""Saying that one is in a place by other means than fixes: codes, beacons, Wi-Fi, oneself.

To scan a code is one's own act and needs nobody's leave. What a phone does by itself (hearing a beacon, noticing a
region: `geo/regions/events.py`) counts as far as the person's rules and the hours of the site's charter let it. That
somebody has left always counts.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Invalid, NotFound
from geo.models.places import Marker, Place
from geo.models.stays import Visit
from geo.stays import departures, positions
from geo.stays.evidence import LASTS, Claim, everything, said_until
from geo.stays.locks import changing, lock_device, lock_devices
from geo.stays.markers import GRADE, SOURCE, address_of, check_code, find_by_address, marker_id_of
from geo.stays.open_visits import open_visits_of, wire_open_visits
from geo.stays.rules import OutsideHours, rules_for
from geo.stays.times import FUTURE
from geo.stays.visits import Leaving, take_claim, withdraw
from people.actor import Actor


class UnknownMarker(Invalid):
    """No marker of the organisation has this address."""

    code, title = "marker_unknown", "Nothing here is known by this address"


class NotThere(NotFound):
    """Checked out of a place where one was not known to be; what was seen before and is told later opens nothing."""

    keeps_changes = True


def check_in(session: Session, actor: Actor, said: dict[str, Any]) -> dict[str, Any]:
    """Take a scanned code, a beacon or an access point; returns the open visits of the place and its site.

    Raises `ConsentMissing`, `SharingPaused` or `OutsideHours` for what was not scanned.
    """
    if said["kind"] == "code":
        at = _heard_at(said, "qr")
        if clock.now() - at <= FUTURE:
            # Only who says that they come late is taken at their own time, and believed less.
            at = clock.now()
        marker = _marker_of_code(session, said.get("code"), at)
    else:
        address = address_of(said)
        marker = find_by_address(session, said["kind"], address or "")
        if marker is None:
            raise UnknownMarker
        at = _heard_at(said, SOURCE[marker.kind])
        _check_passive(session, actor, marker.place_id, at)
    # A code that changes proves little once it has changed: a picture of it may have been passed on.
    late = marker.kind == "rotating" and clock.now() - at > FUTURE
    grade = 1 if late else GRADE[marker.kind]
    claim = Claim(SOURCE[marker.kind], grade, at, actor.device_id, marker.id, doubtful=late)
    return vouch(session, actor.person_id, marker.place_id, claim, floor=marker.floor)


def vouch(
    session: Session,
    person_id: UUID,
    place_id: UUID,
    claim: Claim,
    *,
    floor: int | None = None,
    aloud: bool = False,
) -> dict[str, Any]:
    """Take evidence for a place and, with a zone, for its site; who is in a room is in the house.

    `aloud`: the person is told of each visit, also where nothing changed.
    """
    place = session.get_one(Place, place_id)
    if place.archived_at is not None:
        raise NotFound
    if claim.device_id is not None:
        lock_device(session, claim.device_id)
    with changing(session, person_id, {place.site_id, place_id}):
        take_claim(session, person_id, place.site_id, claim, aloud=aloud)
        if place.kind == "zone":
            take_claim(session, person_id, place_id, claim, aloud=aloud)
    if claim.device_id is not None:
        named = floor if floor is not None else _only_floor(place)
        positions.note_presence(session, claim.device_id, place.site_id, claim.at, named)
    return {"visits": wire_open_visits(session, person_id, {place.site_id, place_id})}


def check_out(
    session: Session, actor: Actor, place_id: UUID, *, at: datetime | None = None
) -> dict[str, Any]:
    """Say that one has left; with a site, its zones too. Nothing that was said before holds any more.

    `at` is when, for a phone that says so later; visits that began since then are none of its business, nor is what was
    said of them since then. Raises `NotThere` where nothing was known: the word itself is remembered.
    """
    place = session.get(Place, place_id)
    if place is None:
        raise NotFound
    lock_devices(session, actor.person_id)
    left_at = at or clock.now()
    departures.remember(session, actor.person_id, place, left_at)
    if place.kind == "site":
        here = Visit.place_id.in_(select(Place.id).where(Place.site_id == place_id))
    else:
        here = Visit.place_id == place_id
    visits = open_visits_of(session, actor.person_id, here, Visit.entered_at <= left_at)
    if not visits:
        raise NotThere
    positions.forget_places(session, actor.person_id, [visit.place_id for visit in visits])
    checked_out = Leaving("checked_out", left_at)
    which = everything() if at is None else said_until(at)
    ended = [withdraw(session, visit, which, checked_out) for visit in visits]
    return {"visits": [payload for payload in ended if payload is not None]}


def _check_passive(session: Session, actor: Actor, place_id: UUID, at: datetime) -> None:
    positions.locked_position(session, actor)
    rules = rules_for(session, actor)
    rules.check_sharing()
    if not rules.allows_in(session.get_one(Place, place_id), at):
        raise OutsideHours


def _marker_of_code(session: Session, code: str | None, at: datetime) -> Marker:
    if code is None:
        raise Invalid.at("/code", "Give the code that was scanned.")
    marker = session.get(Marker, marker_id_of(code))
    check_code(marker, code, at)
    assert marker is not None  # noqa: S101 - check_code refuses a code without its marker
    return marker


def _heard_at(said: dict[str, Any], source: str) -> datetime:
    """When the phone heard the beacon; a phone that was in a dead zone may say so later, but not for ever."""
    received: datetime = clock.now()
    at: datetime = said.get("at") or received
    lasts = LASTS[source]
    if at > received + FUTURE or (lasts is not None and at < received - lasts):
        raise Invalid.at("/at", "This was too long ago, or will be.", code="check_in_too_old")
    return min(at, received)


def _only_floor(place: Place) -> int | None:
    return place.floor_low if place.floor_low == place.floor_high else None
