"""Saying that one is in a place by other means than fixes: codes, beacons, Wi-Fi, regions, a manager, oneself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import cast, func, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Invalid, NotFound
from geo import positions
from geo.evidence import LASTS, Claim
from geo.markers import GRADE, SOURCE, address_of, check_code, find_by_address, marker_id_of
from geo.models import Marker, Place, Visit
from geo.times import FUTURE, corrected
from geo.visits import open_visit, open_visits, support, withdraw
from people.actor import Actor
from people.audience import visible
from people.models import Person, Scope
from people.permissions import Permission
from people.scopes import scope_for

# A circle that the phone's system watches is at least 100 m across each way; what is smaller is not told apart.
_REGION_RADIUS_M2 = 31_416.0


class UnknownMarker(Invalid):
    """No marker of the organisation has this address."""

    code, title = "marker_unknown", "Nothing here is known by this address"


def check_in(session: Session, actor: Actor, said: dict[str, Any]) -> dict[str, Any]:
    """Take a scanned code, a beacon or an access point; returns the open visits of the place and its site."""
    if said["kind"] == "code":
        at = _heard_at(said, "qr")
        marker = _marker_of_code(session, said.get("code"), at)
    else:
        address = address_of(said)
        marker = find_by_address(session, said["kind"], address or "")
        if marker is None:
            raise UnknownMarker
        at = _heard_at(said, SOURCE[marker.kind])
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
    """A manager says that somebody is there."""
    scope_for(session, actor, place_id, Permission.VISITS_EDIT)
    person = session.get(Person, person_id)
    if person is None or person.ended_at is not None or session.get(Place, place_id) is None:
        raise NotFound
    return vouch(session, person_id, place_id, Claim("manual", 3, clock.now(), given_by=actor.person_id))


def check_out_by_manager(session: Session, actor: Actor, place_id: UUID, person_id: UUID) -> None:
    """A manager says that somebody has left, whatever the phone says."""
    scope_for(session, actor, place_id, Permission.VISITS_EDIT)
    visit = open_visit(session, person_id, place_id)
    if visit is None:
        raise NotFound
    positions.forget_places(session, person_id, [place_id])
    withdraw(session, visit, clock.now(), reason="checked_out")


def take_region_events(
    session: Session, actor: Actor, events: Sequence[dict[str, Any]], sent_at: datetime | None
) -> dict[str, Any]:
    """What the phone's own geofences saw, or the app by itself; one result an event, in the order of time.

    A place smaller than the circle that the system watches is in doubt: being in the circle is being near.
    """
    results: list[dict[str, Any]] = []
    timely, refused = corrected(events, sent_at, clock.now(), what="event")
    in_sight = {scope.scope_id for scope in visible(session, actor)}
    for index, at, event in timely:
        place = session.get(Place, event["place_id"])
        if place is None or place.archived_at is not None or not known_to(session, place, in_sight):
            results.append({"index": index, "outcome": "refused", "code": "place_not_found"})
            continue
        changed = _take_region_event(session, actor, place, event, at)
        results.append({"index": index, "outcome": "taken" if changed else "known", "code": None})
    results += [{"index": index, "outcome": "refused", "code": code} for index, code in refused]
    return {"items": sorted(results, key=lambda result: result["index"])}


def wire_open(session: Session, person_id: UUID, places: set[UUID]) -> list[dict[str, Any]]:
    """The person's open visits of some places."""
    return [visit for visit in open_visits(session, person_id) if UUID(visit["place_id"]) in places]


def _take_region_event(
    session: Session, actor: Actor, place: Place, event: dict[str, Any], at: datetime
) -> bool:
    source = event["judged_by"]
    if event["type"] == "enter":
        near = source == "region" and _area(session, place.id) < _REGION_RADIUS_M2
        claim = Claim(source, 1, at, actor.device_id, doubtful=near or event["mock"])
        return support(session, actor.person_id, place.id, claim) is not None
    visit = open_visit(session, actor.person_id, place.id)
    if visit is None or at < visit.entered_at:
        return False
    sources = ("region", "device")
    gone = withdraw(session, visit, at, reason="left", device_id=actor.device_id, sources=sources)
    return gone is not None


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


def known_to(session: Session, place: Place, in_sight: set[UUID]) -> bool:
    """An `assigned` place exists for its members only."""
    return place.id in in_sight or session.get_one(Scope, place.id).admission != "assigned"


def _area(session: Session, place_id: UUID) -> float:
    area = select(func.ST_Area(cast(Place.boundary, Geography))).where(Place.id == place_id)
    return float(session.scalar(area) or 0.0)
