"""Shared phones: a device speaks for whoever is signed in on it, and no longer for those who were before.

When it changes hands, what it had said of its former holder ends as of the last time that it said so. A batch of the
former holder that is being taken in that very moment may still open a visit; a job ends what is left so.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models.stays import DevicePosition, Evidence, Visit
from geo.stays.evidence import said_by
from geo.stays.visits import Leaving, withdraw
from people.models import Device, SignedInSession

_BATCH = 200


def hand_over(session: Session, session_id: UUID) -> None:
    """Somebody signed in: the device's evidence of anybody else ends, and their position is forgotten."""
    signed_in = session.get_one(SignedInSession, session_id)
    position = session.get(DevicePosition, signed_in.device_id, with_for_update=True)
    _end_foreign(session, Evidence.device_id == signed_in.device_id)
    if position is not None and position.person_id != signed_in.person_id:
        session.delete(position)
        session.flush()


def end_foreign_evidence(session: Session) -> int:
    """End what devices say of persons who no longer have them; returns of how many visits it was."""
    return _end_foreign(session, Evidence.device_id.is_not(None))


def _end_foreign(session: Session, which: Any) -> int:
    foreign = session.execute(
        select(Visit, Device.id)
        .join(Evidence, Evidence.visit_id == Visit.id)
        .join(Device, Device.id == Evidence.device_id)
        .where(which, Evidence.ended_at.is_(None), Device.person_id != Visit.person_id)
        .order_by(Visit.person_id, Visit.id)
        .distinct()
        .limit(_BATCH)
    ).all()
    for visit, device_id in foreign:
        withdraw(session, visit, said_by(device_id), Leaving.unseen("device_changed"))
    return len(foreign)
