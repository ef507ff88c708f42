"""What a phone's own geofences saw: the circles of `geo/regions/regions.py`, watched by its system or by the app."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import cast, func, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Faulty
from geo.models.places import Place
from geo.stays import departures, positions
from geo.stays.evidence import Claim, last_seen, said_by
from geo.stays.leaving import leave_by_fixes
from geo.stays.locks import changing
from geo.stays.open_visits import open_visit
from geo.stays.rules import OutsideHours, Rules, rules_for
from geo.stays.times import corrected, detail_of
from geo.stays.visits import Leaving, take_claim, withdraw
from people.actor import Actor
from people.audience import known_among

PLACE_NOT_FOUND = "place_not_found"
# A circle that the phone's system watches is at least 100 m across each way; what is smaller is not told apart.
_REGION_RADIUS_M2 = 31_416.0
_WATCHED = ("region", "device")  # what the phone's own geofences say: the system's, or the app's


def take_region_events(
    session: Session, actor: Actor, events: Sequence[dict[str, Any] | Faulty], sent_at: datetime | None
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
    place_ids = [event["place_id"] for _, _, event in timely]
    with changing(session, actor.person_id, place_ids):
        known = known_among(session, actor, place_ids)
        for index, at, event in timely:
            place = session.get(Place, event["place_id"])
            refused_as = _refusal(known, place, rules, event, at)
            if place is None or refused_as is not None:
                results.append(_result(index, "refused", refused_as))
                continue
            changed = _take_region_event(session, actor, place, event, at)
            results.append(_result(index, "taken" if changed else "known"))
    results += [_result(index, "refused", code, detail_of(events[index])) for index, code in refused]
    return {"items": sorted(results, key=lambda result: result["index"])}


def _result(index: int, outcome: str, code: str | None = None, detail: str | None = None) -> dict[str, Any]:
    return {"index": index, "outcome": outcome, "code": code, "detail": detail}


def _refusal(
    known: set[UUID], place: Place | None, rules: Rules, event: dict[str, Any], at: datetime
) -> str | None:
    """The code with which an event is refused; `known` are the places that one may know of."""
    if place is None or place.archived_at is not None or place.id not in known:
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
            take_claim(session, actor.person_id, place.site_id, claim)
        return take_claim(session, actor.person_id, place.id, claim) is not None
    return _go_out(session, actor, place, at, whole=by_app and place.kind == "site")


def _go_out(session: Session, actor: Actor, place: Place, at: datetime, *, whole: bool) -> bool:
    """Take the word that the phone went out; `whole` where that ends all that it had said of the site."""
    sources = None if whole else _WATCHED
    departures.remember(session, actor.person_id, place, at, actor.device_id, sources)
    visit = open_visit(session, actor.person_id, place.id)
    if visit is None or at < visit.entered_at:
        return False
    which = said_by(actor.device_id, _WATCHED)
    newest = last_seen(session, visit.id, which)
    if newest is not None and newest > at:
        return False  # it comes late: the phone has said since that it is there
    if whole:
        return bool(leave_by_fixes(session, actor.person_id, actor.device_id, place.id, at))
    return withdraw(session, visit, which, Leaving("left", at)) is not None


def _area(session: Session, place_id: UUID) -> float:
    area = select(func.ST_Area(cast(Place.boundary, Geography))).where(Place.id == place_id)
    return float(session.scalar(area) or 0.0)
