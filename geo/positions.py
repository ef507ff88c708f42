"""The one row that is kept of each device: its last fix, its floor, and the geofence state.

Whoever changes what fixes have decided (a check-out, a silence) changes the state with it, under the row's lock, or
the next fix would go on from what is no longer so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from geo.models import DevicePosition
from geo.state import State, assume, forget
from people.actor import Actor

# How long a floor holds that a beacon, a code or the person named, for fixes that name none.
FLOOR_LASTS = timedelta(minutes=30)


def locked_position(session: Session, actor: Actor) -> DevicePosition:
    """The device's row, made on first sight. A device that changed hands begins anew."""
    session.execute(
        insert(DevicePosition)
        .values(device_id=actor.device_id, organisation_id=actor.organisation_id, person_id=actor.person_id)
        .on_conflict_do_nothing()
    )
    row = session.scalars(
        select(DevicePosition).where(DevicePosition.device_id == actor.device_id).with_for_update()
    ).one()
    if row.person_id != actor.person_id:
        row.person_id, row.state, row.floor, row.stale = actor.person_id, {}, None, False
    return row


def floor_of(row: DevicePosition, at: datetime) -> int | None:
    """The floor that was named last, while it holds."""
    holds = row.floor_at is not None and timedelta(0) <= at - row.floor_at <= FLOOR_LASTS
    return row.floor if holds else None


def name_floor(session: Session, actor: Actor, floor: int | None) -> None:
    """The person says on which floor they are."""
    row = locked_position(session, actor)
    row.floor, row.floor_at = floor, clock.now()
    session.flush()


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
        select(DevicePosition).where(DevicePosition.person_id == person_id).with_for_update()
    )
    for row in rows:
        row.state = forget(State.from_json(row.state), places).to_json()
    session.flush()


def forget_person(session: Session, person_id: UUID) -> None:
    """Keep no position of any device of the person."""
    session.execute(delete(DevicePosition).where(DevicePosition.person_id == person_id))
