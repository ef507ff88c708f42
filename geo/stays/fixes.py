"""Taking fixes: which count, what they decide, and the visits that follow, in one transaction.

The order of a batch does not matter and repeats do no harm: fixes are sorted by time and the engine ignores what it
has overtaken. The row of the device is locked, so that two batches of one phone cannot decide at once; the person's
rules are read after that, so that a batch under way when a consent is taken back waits, and is refused.

Most batches change nothing. Such a one reads the device's row and the person's rules, asks the process's index of
places (`geo/lookup/indexes.py`; PostGIS where that is not right at this moment), and writes the last position.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from base import clock
from base.errors import Faulty
from base.hours import is_open
from geo.engine.state import State
from geo.engine.transitions import LOOKUP_RADIUS_M, Fence, Fix, Transition, transitions
from geo.lookup.indexes import PlaceIndexes
from geo.lookup.nearby import fences_near
from geo.stays.evidence import Claim
from geo.stays.leaving import leave_by_fixes
from geo.stays.locks import changing
from geo.stays.positions import (
    Known,
    floor_of,
    locked_position,
    made_position,
    store_floor,
    store_position,
)
from geo.stays.rules import rules_for
from geo.stays.silence import resume
from geo.stays.times import corrected, detail_of
from geo.stays.trails import keep_trail
from geo.stays.visits import take_claim
from people.actor import Actor

Taken = Sequence[tuple[datetime, dict[str, Any]]]


def take_fixes(
    session: Session,
    actor: Actor,
    fixes: Sequence[dict[str, Any] | Faulty],
    sent_at: datetime | None,
    indexes: PlaceIndexes | None = None,
) -> dict[str, Any]:
    """Decide a batch of wire fixes; returns the report with the visits that began or ended.

    Without `indexes`, or while they are not right, PostGIS says which places are near. Raises `ConsentMissing`,
    `SharingPaused` or `CoordinatesOff` where nothing may be taken.
    """
    known = locked_position(session, actor)
    rules = rules_for(session, actor)
    rules.check_coordinates()
    received = clock.now()
    timely, refused = corrected(fixes, sent_at, received)
    taken = [(at, wire) for _, at, wire in timely if rules.allows(at)]
    refused += [(index, "outside_working_hours") for index, at, _ in timely if not rules.allows(at)]
    visits = _take(session, actor, indexes, known, taken, received) if taken else []
    if taken and rules.trail:
        keep_trail(session, actor, taken)
    items = [
        {"index": index, "code": code, "detail": detail_of(fixes[index])} for index, code in sorted(refused)
    ]
    return {"accepted": len(taken), "refused": items, "visits": visits}


def name_floor(session: Session, actor: Actor, floor: int | None) -> None:
    """Say on which floor one is, for half an hour's fixes that name none; raises as `take_fixes` does."""
    known = locked_position(session, actor)
    rules_for(session, actor).check_coordinates()
    store_floor(session, actor, known or made_position(session, actor), floor)


def _take(
    session: Session,
    actor: Actor,
    indexes: PlaceIndexes | None,
    known: Known | None,
    taken: Taken,
    received: datetime,
) -> list[dict[str, Any]]:
    known = known or made_position(session, actor)
    fixes = [_fix(known, at, wire) for at, wire in taken]
    state, decided = _decide(session, actor, indexes, known.state, fixes)
    heard = state.last is not None and state.last != known.state.last
    quiet = not decided and not known.stale
    with changing(session, actor.person_id, [event.place_id for event in decided]):
        if known.stale and heard:
            resume(session, actor.device_id, actor.person_id)
        visits = [visit for event in decided for visit in _apply(session, actor, event)]
        store_position(session, actor, state, received, stale=known.stale and not heard, durable=not quiet)
    return visits


def _fix(known: Known, at: datetime, wire: dict[str, Any]) -> Fix:
    return Fix(
        at=at.timestamp(),
        lon=wire["lon"],
        lat=wire["lat"],
        accuracy=wire["accuracy"],
        speed=wire["speed"],
        floor=wire["floor"] if wire["floor"] is not None else floor_of(known, at),
        mock=wire["mock"],
    )


def _decide(
    session: Session, actor: Actor, indexes: PlaceIndexes | None, state: State, fixes: Sequence[Fix]
) -> tuple[State, list[Transition]]:
    points = [(fix.lon, fix.lat) for fix in fixes]
    index = None if indexes is None else indexes.current(session, actor.organisation_id)
    if index is None:
        fences = fences_near(session, points, LOOKUP_RADIUS_M, state.stays)
    else:
        fences = index.fences_near(points, LOOKUP_RADIUS_M, state.stays)
    limited = any(fence.hours is not None for fence in fences.values())
    decided: list[Transition] = []
    for fix in fixes:
        state, events = transitions(state, fix, _open_at(fences, fix.at) if limited else fences)
        decided += events
    return state, decided


def _open_at(fences: Mapping[UUID, Fence], at: float) -> dict[UUID, Fence]:
    """The places whose charter lets fixes count at the moment; one that closes is left, one that opens is entered."""
    moment = datetime.fromtimestamp(at, UTC)
    return {place_id: fence for place_id, fence in fences.items() if is_open(fence.hours, moment)}


def _apply(session: Session, actor: Actor, event: Transition) -> list[dict[str, Any]]:
    at = datetime.fromtimestamp(event.at, UTC)
    if not event.entered:
        return leave_by_fixes(session, actor.person_id, actor.device_id, event.place_id, at)
    claim = Claim("gps", 1, at, actor.device_id, doubtful=event.doubtful)
    visit = take_claim(session, actor.person_id, event.place_id, claim)
    return [] if visit is None else [visit]
