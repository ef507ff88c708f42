"""Where phones say that they are: at the gate of the depot that `org.site(at=GATE)` draws, or far from it."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from geo.models.stays import DevicePosition
from tests.world import Organisation, Phone, World

GATE = (127.0, 37.5)
FAR = (127.01, 37.5)


def fix(at: float, where: tuple[float, float], **members: Any) -> dict[str, Any]:
    """One good fix, at a time in seconds since 1970."""
    when = datetime.fromtimestamp(at, UTC).isoformat()
    return {"at": when, "lon": where[0], "lat": where[1], "accuracy": 8, **members}


def stands(phone: Phone, where: tuple[float, float], until: float, **members: Any) -> list[dict[str, Any]]:
    """Send a minute of fixes at one point; returns the visits that they changed."""
    fixes = [fix(until - 10 * i, where, **members) for i in range(6)]
    return phone.post("/v1/me/fixes", {"fixes": fixes})["visits"]


def at_the_gate(org: Organisation, name: str, minutes_ago: float = 0) -> Phone:
    """Somebody who stood at the gate until then."""
    phone = org.person(name)
    stands(phone, GATE, time.time() - 60 * minutes_ago)
    return phone


def positions_of(world: World, phone: Phone) -> int:
    """How many last positions of somebody are kept."""
    with world.worker.transaction() as session:
        mine = select(func.count()).where(DevicePosition.person_id == UUID(phone.id))
        return session.scalar(mine) or 0
