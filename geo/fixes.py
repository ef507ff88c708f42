"""Taking fixes: which count, what they decide, and the visits that follow, in one transaction.

The order of a batch does not matter and repeats do no harm: fixes are sorted by time and the engine ignores what it
has overtaken. The row of the device is locked, so that two batches of one phone cannot decide at once.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from sqlalchemy import ARRAY, Double, bindparam, column, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from base import clock
from geo.evidence import Claim
from geo.models import DevicePosition, Place
from geo.places import SRID
from geo.positions import floor_of, locked_position
from geo.privacy import rules_for
from geo.silence import resume
from geo.times import corrected
from geo.trails import keep_trail
from geo.transitions import LOOKUP_RADIUS_M, Fence, Fix, State, Transition, transitions
from geo.visits import leave_by_fixes, support
from people.actor import Actor

_FENCES_KEPT = 20_000
_fences: dict[tuple[UUID, int], Fence] = {}
_LOOKUP_DEGREES = LOOKUP_RADIUS_M / 111_320.0


def take_fixes(
    session: Session, actor: Actor, fixes: Sequence[dict[str, Any]], sent_at: datetime | None
) -> dict[str, Any]:
    """Decide a batch of wire fixes; returns the report with the visits that began or ended.

    Raises `ConsentMissing`, `SharingPaused` or `CoordinatesOff` where nothing may be taken.
    """
    rules = rules_for(session, actor)
    rules.check_coordinates()
    received = clock.now()
    timely, refused = corrected(fixes, sent_at, received)
    taken = [(at, wire) for _, at, wire in timely if rules.allows(at)]
    refused += [(index, "outside_working_hours") for index, at, _ in timely if not rules.allows(at)]
    visits = _take(session, actor, taken, received) if taken else []
    if taken and rules.trail:
        keep_trail(session, actor, taken)
    items = [{"index": index, "code": code} for index, code in sorted(refused)]
    return {"accepted": len(taken), "refused": items, "visits": visits}


def _take(
    session: Session, actor: Actor, taken: Sequence[tuple[datetime, dict[str, Any]]], received: datetime
) -> list[dict[str, Any]]:
    row = locked_position(session, actor)
    state, decided = _decide(session, row, [_fix(row, at, wire) for at, wire in taken])
    if row.stale and state.last is not None:
        resume(session, row)
    visits = [visit for event in decided for visit in _apply(session, actor, event)]
    _store(session, row, state, received)
    return visits


def _fix(row: DevicePosition, at: datetime, wire: dict[str, Any]) -> Fix:
    return Fix(
        at=at.timestamp(),
        lon=wire["lon"],
        lat=wire["lat"],
        accuracy=wire["accuracy"],
        speed=wire["speed"],
        floor=wire["floor"] if wire["floor"] is not None else floor_of(row, at),
        mock=wire["mock"],
    )


def _decide(session: Session, row: DevicePosition, fixes: Sequence[Fix]) -> tuple[State, list[Transition]]:
    state = State.from_json(row.state)
    fences = fences_near(session, fixes, list(state.stays))
    decided: list[Transition] = []
    for fix in fixes:
        state, events = transitions(state, fix, fences)
        decided += events
    return state, decided


def _apply(session: Session, actor: Actor, event: Transition) -> list[dict[str, Any]]:
    at = datetime.fromtimestamp(event.at, UTC)
    if not event.entered:
        return leave_by_fixes(session, actor.person_id, actor.device_id, event.place_id, at)
    claim = Claim("gps", 1, at, actor.device_id, doubtful=event.doubtful)
    visit = support(session, actor.person_id, event.place_id, claim)
    return [] if visit is None else [visit]


def _store(session: Session, row: DevicePosition, state: State, received: datetime) -> None:
    row.state, row.received_at = state.to_json(), received
    if state.last is not None:
        row.fixed_at = datetime.fromtimestamp(state.last.at, UTC)
        row.point = f"SRID={SRID};POINT({state.last.lon} {state.last.lat})"  # type: ignore[assignment]
        row.accuracy, row.mock = state.last.accuracy, state.last.mock
    session.flush()


def fences_near(session: Session, fixes: Sequence[Fix], also: Sequence[UUID]) -> Mapping[UUID, Fence]:
    """The fences within `LOOKUP_RADIUS_M` of any of the fixes, and those of `also` that still stand."""
    # A degree of longitude shrinks towards the poles; the box is widened for the fix farthest from the equator.
    points = (
        func.unnest(
            bindparam("lons", [fix.lon for fix in fixes], ARRAY(Double)),
            bindparam("lats", [fix.lat for fix in fixes], ARRAY(Double)),
        )
        .table_valued(column("lon", Double), column("lat", Double), name="fix")
        .render_derived()
    )
    widening = func.greatest(func.cos(func.radians(points.c.lat)), 0.01)
    box: FunctionElement[Any] = func.ST_Expand(
        func.ST_SetSRID(func.ST_MakePoint(points.c.lon, points.c.lat), SRID),
        _LOOKUP_DEGREES / widening,
        _LOOKUP_DEGREES,
    )
    standing = select(Place.id, Place.version).where(Place.archived_at.is_(None))
    near = standing.join(points, Place.boundary.op("&&")(box))
    known = session.execute(near.union(standing.where(Place.id.in_(also)))).all()
    versions = {row.id: row.version for row in known}
    return {place_id: _fence(session, place_id, versions[place_id]) for place_id in sorted(versions)}


def _fence(session: Session, place_id: UUID, version: int) -> Fence:
    """The fence of a version of a place; versions never change, so it is kept in the process."""
    key = (place_id, version)
    if key not in _fences:
        if len(_fences) >= _FENCES_KEPT:
            _fences.clear()
        place = session.get_one(Place, place_id)
        _fences[key] = Fence(
            cast("MultiPolygon", to_shape(place.boundary)), place.floor_low, place.floor_high
        )
    return _fences[key]
