"""The one order in which rows are locked when somebody comes or goes, so that nobody waits in a circle:

    device's position ─▶ person ─▶ places, by id ─▶ visit and evidence ─▶ roll call ─▶ its entries

Two phones of one person may walk in and out at the same moment; the person's row lets one pass after the other. The
row of a place is held, shared, by whoever opens a visit there, and alone by the start of a roll call.
"""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models.places import Place
from geo.models.stays import DevicePosition
from geo.musters.roll import gathering
from people.models import Person


@contextmanager
def changing(session: Session, person_id: UUID, places: Collection[UUID]) -> Generator[None]:
    """Change several visits of a person: locks first, and roll calls follow when all is done."""
    if places:
        lock_person(session, person_id)
        of_places = select(Place.id).where(Place.id.in_(places)).order_by(Place.id)
        session.execute(of_places.with_for_update(read=True, key_share=True))
    with gathering(session):
        yield


def lock_device(session: Session, device_id: UUID) -> None:
    """The device's position, where it has one."""
    mine = select(DevicePosition.device_id).where(DevicePosition.device_id == device_id)
    session.execute(mine.with_for_update())


def lock_devices(session: Session, person_id: UUID) -> None:
    """The positions of all devices of the person."""
    theirs = select(DevicePosition.device_id).where(DevicePosition.person_id == person_id)
    session.execute(theirs.order_by(DevicePosition.device_id).with_for_update())


def lock_person(session: Session, person_id: UUID) -> None:
    """The person's comings and goings."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
