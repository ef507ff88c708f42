"""Taking fixes: which count, what they decide, and the visits that follow, in one transaction.

The order of a batch does not matter and repeats do no harm: fixes are sorted by time and the engine ignores what it
has overtaken. The row of the device is locked, so that two batches of one phone cannot decide at once.

Most batches change nothing. Such a one reads the device's row, asks the process's index of places (`geo/indexes.py`;
PostGIS where that is not right at this moment), and writes the last position: three short statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from geo.indexes import PlaceIndexes
from geo.models import DevicePosition
from geo.nearby import fences_near
from geo.places import SRID
from geo.transitions import LOOKUP_RADIUS_M, Fix, State, Transition, transitions
from geo.visits import begin_visit, end_visit
from people.actor import Actor

TOO_OLD = timedelta(hours=24)
FUTURE = timedelta(seconds=60)
# A phone's clock that is off by less than this is taken at its word: the network's delay is no clock error.
CLOCK_TOLERANCE = timedelta(seconds=30)
_LOCK = text("SELECT person_id, state FROM device_positions WHERE device_id = :device FOR UPDATE")
_UPDATE = (
    "UPDATE device_positions SET state = cast(:state AS jsonb), received_at = :received, person_id = :person,{}"
    " WHERE device_id = :device RETURNING set_config('synchronous_commit',"
    " CASE WHEN :durable THEN current_setting('synchronous_commit') ELSE 'off' END, true)"
)
_MOVE = text(
    _UPDATE.format(
        " fixed_at = :fixed, accuracy = :accuracy, mock = :mock,"
        " point = ST_SetSRID(ST_MakePoint(:lon, :lat), :srid)"
    )
)
# Without a usable fix the last position stays, but where a device changed hands: then it was another person's.
_REMEMBER = text(
    _UPDATE.format(
        " fixed_at = CASE WHEN person_id = :person THEN fixed_at END,"
        " accuracy = CASE WHEN person_id = :person THEN accuracy END,"
        " point = CASE WHEN person_id = :person THEN point END"
    )
)


@dataclass(frozen=True)
class Reported:
    """A fix as it was sent, at its place in the batch."""

    index: int
    at: datetime
    fix: Fix


def take_fixes(
    session: Session,
    actor: Actor,
    fixes: Sequence[dict[str, Any]],
    sent_at: datetime | None,
    indexes: PlaceIndexes | None = None,
) -> dict[str, Any]:
    """Decide a batch of wire fixes; returns the report with the visits that began or ended.

    Without `indexes`, or while they are not right, PostGIS says which places are near.
    """
    received = clock.now()
    taken, refused = _sift(fixes, _correction(sent_at, received), received)
    visits: list[dict[str, Any]] = []
    if taken:
        before = _locked_state(session, actor)
        state, decided = _decide(session, actor, indexes, before, taken)
        for event in decided:
            visit = _apply(session, actor, event)
            if visit is not None:
                visits.append(visit)
        _store(session, actor, state, received, durable=bool(decided))
    return {"accepted": len(taken), "refused": refused, "visits": visits}


def _sift(
    fixes: Sequence[dict[str, Any]], correction: timedelta, received: datetime
) -> tuple[list[Reported], list[dict[str, Any]]]:
    """The fixes that count, oldest first, and the refusals of the others."""
    taken: list[Reported] = []
    refused: list[dict[str, Any]] = []
    for index, wire in enumerate(fixes):
        at = _shifted(wire["at"], correction)
        if at is None or received - at > TOO_OLD:
            refused.append({"index": index, "code": "fix_too_old"})
        elif at - received > FUTURE:
            refused.append({"index": index, "code": "fix_in_future"})
        else:
            taken.append(Reported(index, at, _fix(wire, at)))
    return sorted(taken, key=lambda reported: reported.at), refused


def _correction(sent_at: datetime | None, received: datetime) -> timedelta:
    """How wrong the phone's clock is, by the time that it says it sent the batch."""
    if sent_at is None or abs(received - sent_at) <= CLOCK_TOLERANCE:
        return timedelta(0)
    return received - sent_at


def _shifted(at: datetime, correction: timedelta) -> datetime | None:
    try:
        return at + correction
    except OverflowError:
        return None


def _fix(wire: dict[str, Any], at: datetime) -> Fix:
    return Fix(
        at=at.timestamp(),
        lon=wire["lon"],
        lat=wire["lat"],
        accuracy=wire["accuracy"],
        speed=wire["speed"],
        floor=wire["floor"],
        mock=wire["mock"],
    )


def _locked_state(session: Session, actor: Actor) -> State:
    """What is remembered of the device, whose row is made on first sight. One that changed hands begins anew."""
    mine = {"device": actor.device_id}
    row = session.execute(_LOCK, mine).one_or_none()
    if row is None:
        session.execute(
            insert(DevicePosition)
            .values(
                device_id=actor.device_id, organisation_id=actor.organisation_id, person_id=actor.person_id
            )
            .on_conflict_do_nothing()
        )
        row = session.execute(_LOCK, mine).one()
    return State.from_json(row.state if row.person_id == actor.person_id else {})


def _decide(
    session: Session, actor: Actor, indexes: PlaceIndexes | None, state: State, taken: Sequence[Reported]
) -> tuple[State, list[Transition]]:
    fixes = [reported.fix for reported in taken]
    points = [(fix.lon, fix.lat) for fix in fixes]
    index = None if indexes is None else indexes.current(session, actor.organisation_id)
    if index is None:
        fences = fences_near(session, points, LOOKUP_RADIUS_M, state.stays)
    else:
        fences = index.fences_near(points, LOOKUP_RADIUS_M, state.stays)
    decided: list[Transition] = []
    for fix in fixes:
        state, events = transitions(state, fix, fences)
        decided += events
    return state, decided


def _apply(session: Session, actor: Actor, event: Transition) -> dict[str, Any] | None:
    at = datetime.fromtimestamp(event.at, UTC)
    if event.entered:
        return begin_visit(session, actor, event.place_id, at, source="gps", doubtful=event.doubtful)
    return end_visit(session, actor, event.place_id, at)


def _store(session: Session, actor: Actor, state: State, received: datetime, *, durable: bool) -> None:
    """One statement for the whole batch.

    A batch that decided nothing does not wait for the disk: were the machine to fail in that moment, the device would
    be where it was a second ago, and its next fix sets that right.
    """
    values: dict[str, Any] = {
        "device": actor.device_id,
        "person": actor.person_id,
        "state": orjson.dumps(state.to_json()).decode(),
        "received": received,
        "durable": durable,
    }
    if state.last is None:
        session.execute(_REMEMBER, values)
        return
    last = state.last
    values |= {"fixed": datetime.fromtimestamp(last.at, UTC), "lon": last.lon, "lat": last.lat}
    session.execute(_MOVE, values | {"accuracy": last.accuracy, "mock": last.mock, "srid": SRID})
