"""The one row that is kept of each device: its last fix, its floor, and the geofence state.

Whoever changes what fixes have decided (a check-out, a silence) changes the state with it, under the row's lock, or
the next fix would go on from what is no longer so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from geo.engine.state import State, assume, forget
from geo.models.places import SRID
from geo.models.stays import DevicePosition
from geo.stays.locks import lock_devices
from people.actor import Actor
from people.models import Person

# How long a floor holds that a beacon, a code or the person named, for fixes that name none.
FLOOR_LASTS = timedelta(minutes=30)
# The device before its person, as everywhere. The person's lock is one that phones share, and that whoever changes
# the person's sharing waits for.
_LOCK = text(
    "SELECT d.person_id, d.state, d.stale, d.floor, d.floor_at"
    " FROM device_positions d JOIN persons p ON p.id = :person WHERE d.device_id = :device"
    " FOR UPDATE OF d FOR KEY SHARE OF p"
)
_LOCK_PERSON = text("SELECT id FROM persons WHERE id = :person FOR KEY SHARE")
_UPDATE = (
    "UPDATE device_positions SET state = cast(:state AS jsonb), received_at = :received, person_id = :person,"
    " stale = :stale, floor = CASE WHEN person_id = :person THEN floor END,{}"
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
class Known:
    """What was remembered of a device before this batch."""

    state: State
    stale: bool
    floor: int | None
    floor_at: datetime | None


_NOTHING = Known(State(), False, None, None)


def locked_position(session: Session, actor: Actor) -> Known | None:
    """The device's row, locked; None when nothing is kept of it. A device that changed hands begins anew.

    From here to the end of the transaction the person's sharing cannot change: what may be taken is to be asked
    after this, not before.
    """
    mine = {"device": actor.device_id, "person": actor.person_id}
    row = session.execute(_LOCK, mine).one_or_none()
    if row is None:
        session.execute(_LOCK_PERSON, {"person": actor.person_id})
        return None
    return _NOTHING if row.person_id != actor.person_id else _known(row)


def made_position(session: Session, actor: Actor) -> Known:
    """The row of a device of which nothing was kept, made and locked."""
    new = insert(DevicePosition).values(
        device_id=actor.device_id, organisation_id=actor.organisation_id, person_id=actor.person_id
    )
    session.execute(new.on_conflict_do_nothing())
    return _known(session.execute(_LOCK, {"device": actor.device_id, "person": actor.person_id}).one())


def _known(row: AnyRow) -> Known:
    return Known(State.from_json(row.state), row.stale, row.floor, row.floor_at)


def lock_sharing(session: Session, person_id: UUID) -> None:
    """Wait until nothing is being taken from the person's phones, and let nothing be until the transaction ends."""
    lock_devices(session, person_id)
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def store_position(
    session: Session, actor: Actor, state: State, received: datetime, *, stale: bool, durable: bool
) -> None:
    """One statement for the whole batch.

    A batch that decided nothing does not wait for the disk (`durable` False): were the machine to fail in that
    moment, the device would be where it was a second ago, and its next fix sets that right.
    """
    values: dict[str, Any] = {
        "device": actor.device_id,
        "person": actor.person_id,
        "state": orjson.dumps(state.to_json()).decode(),
        "received": received,
        "stale": stale,
        "durable": durable,
    }
    if state.last is None:
        session.execute(_REMEMBER, values)
        return
    last = state.last
    values |= {"fixed": datetime.fromtimestamp(last.at, UTC), "lon": last.lon, "lat": last.lat}
    session.execute(_MOVE, values | {"accuracy": last.accuracy, "mock": last.mock, "srid": SRID})


def floor_of(known: Known, at: datetime) -> int | None:
    """The floor that was named last, while it holds."""
    holds = known.floor_at is not None and timedelta(0) <= at - known.floor_at <= FLOOR_LASTS
    return known.floor if holds else None


def store_floor(session: Session, actor: Actor, known: Known, floor: int | None) -> None:
    """The person said on which floor they are."""
    store_position(session, actor, known.state, clock.now(), stale=known.stale, durable=True)
    mine = update(DevicePosition).where(DevicePosition.device_id == actor.device_id)
    session.execute(mine.values(floor=floor, floor_at=clock.now()))


def note_presence(session: Session, device_id: UUID, site_id: UUID, at: datetime, floor: int | None) -> None:
    """A check-in says where the device is: its fixes will tell when it leaves the site."""
    row = session.get(DevicePosition, device_id, with_for_update=True)
    if row is None:
        return
    row.state = assume(State.from_json(row.state), site_id, at.timestamp()).to_json()
    if floor is not None:
        row.floor, row.floor_at = floor, at
    session.flush()


def forget_places(session: Session, person_id: UUID, places: Sequence[UUID]) -> None:
    """Let all devices of a person start outside of some places again."""
    rows = session.scalars(
        select(DevicePosition)
        .where(DevicePosition.person_id == person_id)
        .order_by(DevicePosition.device_id)
        .with_for_update()
    )
    for row in rows:
        row.state = forget(State.from_json(row.state), places).to_json()
    session.flush()


def forget_person(session: Session, person_id: UUID) -> None:
    """Keep no position of any device of the person."""
    session.execute(delete(DevicePosition).where(DevicePosition.person_id == person_id))
