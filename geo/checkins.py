"""Saying that one is in a place by other means than fixes: codes, beacons, Wi-Fi, regions, a manager, oneself.

To scan a code is one's own act and needs nobody's leave. What a phone does by itself (hearing a beacon, noticing a
region) counts as far as the person's rules and the hours of the site's charter let it. That somebody has left always
counts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import Select, cast, func, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Invalid, NotFound
from geo import positions
from geo.evidence import LASTS, Claim
from geo.locks import changing, lock_device
from geo.markers import GRADE, SOURCE, address_of, check_code, find_by_address, marker_id_of
from geo.models import Marker, Place, Visit
from geo.presence_views import record_views
from geo.privacy import OutsideHours, Rules, rules_for
from geo.times import FUTURE, corrected
from geo.visits import leave_by_fixes, open_visit, open_visits, support, withdraw
from people.actor import Actor
from people.audience import in_sight
from people.models import Person, Scope
from people.permissions import Permission
from people.scopes import scope_for

PLACE_NOT_FOUND = "place_not_found"
# A circle that the phone's system watches is at least 100 m across each way; what is smaller is not told apart.
_REGION_RADIUS_M2 = 31_416.0


class UnknownMarker(Invalid):
    """No marker of the organisation has this address."""

    code, title = "marker_unknown", "Nothing here is known by this address"


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
    session: Session, person_id: UUID, place_id: UUID, claim: Claim, *, floor: int | None = None
) -> dict[str, Any]:
    """Take evidence for a place and, with a zone, for its site; who is in a room is in the house."""
    place = session.get_one(Place, place_id)
    if place.archived_at is not None:
        raise NotFound
    if claim.device_id is not None:
        lock_device(session, claim.device_id)
    with changing(session, person_id, {place.site_id, place_id}):
        support(session, person_id, place.site_id, claim)
        if place.kind == "zone":
            support(session, person_id, place_id, claim)
    if claim.device_id is not None:
        named = floor if floor is not None else _only_floor(place)
        positions.note_presence(session, claim.device_id, place.site_id, claim.at, named)
    return {"visits": wire_open(session, person_id, {place.site_id, place_id})}


def check_out(
    session: Session, actor: Actor, place_id: UUID, *, at: datetime | None = None
) -> dict[str, Any]:
    """Say that one has left; with a site, its zones too. Nothing that was said before holds any more.

    `at` is when, for a phone that says so later; visits that began since then are none of its business.
    """
    left_at = at or clock.now()
    place = session.get(Place, place_id)
    here = select(Visit).where(
        Visit.person_id == actor.person_id, Visit.left_at.is_(None), Visit.entered_at <= left_at
    )
    if place is not None and place.kind == "site":
        of_site = select(Place.id).where(Place.site_id == place_id)
        here = here.where(Visit.place_id.in_(of_site))
    else:
        here = here.where(Visit.place_id == place_id)
    visits = session.scalars(here).all()
    if not visits:
        raise NotFound
    positions.forget_places(session, actor.person_id, [visit.place_id for visit in visits])
    ended = [withdraw(session, visit, left_at, reason="checked_out") for visit in visits]
    return {"visits": [payload for payload in ended if payload is not None]}


def check_in_by_manager(session: Session, actor: Actor, place_id: UUID, person_id: UUID) -> dict[str, Any]:
    """A manager says that somebody is there; returns what was said.

    Whether and since when the person was there already is not told: that is a look, which needs a reason.
    """
    _check_by_hand(session, actor, place_id, person_id, "Checked in by hand")
    claim = Claim("manual", 3, clock.now(), given_by=actor.person_id)
    vouch(session, person_id, place_id, claim)
    return {
        "person_id": str(person_id),
        "place_id": str(place_id),
        "source": claim.source,
        "grade": claim.grade,
        "at": clock.wire(claim.at),
        "expires_at": clock.wire_or_none(claim.expires_at),
    }


def check_out_by_manager(session: Session, actor: Actor, place_id: UUID, person_id: UUID) -> None:
    """A manager says that somebody has left, whatever the phone says; whether they were there is not told."""
    _check_by_hand(session, actor, place_id, person_id, "Checked out by hand")
    visit = open_visit(session, person_id, place_id)
    if visit is None:
        return
    positions.forget_places(session, person_id, [place_id])
    withdraw(session, visit, clock.now(), reason="checked_out", actor_id=actor.person_id)


def take_region_events(
    session: Session, actor: Actor, events: Sequence[dict[str, Any]], sent_at: datetime | None
) -> dict[str, Any]:
    """What the phone's own geofences saw, or the app by itself; one result an event, in the order of time.

    Raises `ConsentMissing` or `SharingPaused`; what was entered outside the hours is refused. A place smaller than
    the circle that the system watches is in doubt: being in the circle is being near.
    """
    positions.locked_position(session, actor)
    rules = rules_for(session, actor)
    rules.check_sharing()
    results: list[dict[str, Any]] = []
    timely, refused = corrected(events, sent_at, clock.now(), what="event")
    with changing(session, actor.person_id, [event["place_id"] for _, _, event in timely]):
        known = select(Scope.id).where(in_sight(session, actor))
        for index, at, event in timely:
            place = session.get(Place, event["place_id"])
            refused_as = _refusal(session, known, place, rules, event, at)
            if place is None or refused_as is not None:
                results.append({"index": index, "outcome": "refused", "code": refused_as})
                continue
            changed = _take_region_event(session, actor, place, event, at)
            results.append({"index": index, "outcome": "taken" if changed else "known", "code": None})
    results += [{"index": index, "outcome": "refused", "code": code} for index, code in refused]
    return {"items": sorted(results, key=lambda result: result["index"])}


def wire_open(session: Session, person_id: UUID, places: set[UUID]) -> list[dict[str, Any]]:
    """The person's open visits of some places."""
    return [visit for visit in open_visits(session, person_id) if UUID(visit["place_id"]) in places]


def _refusal(
    session: Session,
    known: Select[UUID],
    place: Place | None,
    rules: Rules,
    event: dict[str, Any],
    at: datetime,
) -> str | None:
    """The code with which an event is refused; `known` are the scopes of the places that one may know of."""
    if place is None or place.archived_at is not None:
        return PLACE_NOT_FOUND
    if session.scalar(known.where(Scope.id == place.id)) is None:
        return PLACE_NOT_FOUND
    return OutsideHours.code if event["type"] == "enter" and not rules.allows_in(place, at) else None


def _take_region_event(
    session: Session, actor: Actor, place: Place, event: dict[str, Any], at: datetime
) -> bool:
    by_app = event["judged_by"] == "device"
    if event["type"] == "enter":
        near = not by_app and _area(session, place.id) < _REGION_RADIUS_M2
        claim = Claim(event["judged_by"], 1, at, actor.device_id, doubtful=near or event["mock"])
        if by_app and place.kind == "zone":
            # An app that judges fences knows the zone, which may stick out; who is in it is at the site.
            support(session, actor.person_id, place.site_id, claim)
        return support(session, actor.person_id, place.id, claim) is not None
    visit = open_visit(session, actor.person_id, place.id)
    if visit is None or at < visit.entered_at:
        return False
    if by_app and place.kind == "site":
        return bool(leave_by_fixes(session, actor.person_id, actor.device_id, place.id, at))
    sources = ("region", "device")
    gone = withdraw(session, visit, at, reason="left", device_id=actor.device_id, sources=sources)
    return gone is not None


def _check_passive(session: Session, actor: Actor, place_id: UUID, at: datetime) -> None:
    positions.locked_position(session, actor)
    rules = rules_for(session, actor)
    rules.check_sharing()
    if not rules.allows_in(session.get_one(Place, place_id), at):
        raise OutsideHours


def _check_by_hand(session: Session, actor: Actor, place_id: UUID, person_id: UUID, reason: str) -> None:
    """Whether the manager may, and a note that the person reads."""
    scope_for(session, actor, place_id, Permission.VISITS_EDIT)
    person = session.get(Person, person_id)
    if person is None or person.ended_at is not None or session.get(Place, place_id) is None:
        raise NotFound
    record_views(session, actor, place_id, [person_id], reason)


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


def _area(session: Session, place_id: UUID) -> float:
    area = select(func.ST_Area(cast(Place.boundary, Geography))).where(Place.id == place_id)
    return float(session.scalar(area) or 0.0)
