"""Kinds of evidence that somebody is in a place, how much each is worth, and how long it holds.

    grade 1   the phone says so: fixes (gps), the operating system's own geofences (region), an app that judges the
              fences itself (device). A phone can be made to lie.
    grade 2   something at the place was in reach: a beacon, an access point, a printed code, an NFC tag. A photo or
              a recording of it can be carried away.
    grade 3   a code on a screen that turns every half minute, or a manager who looked. To carry it away is no use.

A visit is open while any evidence holds; its confidence is the best grade that holds and is not in doubt. What a
higher grade says is not undone by a lower one, with one exception: fixes that lead out of the whole site end
everything that the same device had said there. GPS tells sites apart, not rooms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock, ids
from geo.models.stays import DevicePosition, Evidence, Visit

PHONE_SOURCES = ("gps", "region", "device")
MARKER_SOURCES = ("wifi", "beacon", "qr", "nfc")
# What a phone does by itself, so that consent, pauses and hours decide. To scan a code is one's own act.
PASSIVE_SOURCES = (*PHONE_SOURCES, "wifi", "beacon")
# Fixes hold until the phone has been silent for long (`geo/stays/silence.py`); the others until their time is over.
LASTS: dict[str, timedelta | None] = {
    "gps": None,
    "region": timedelta(hours=12),
    "device": timedelta(hours=12),
    "wifi": timedelta(minutes=45),
    "beacon": timedelta(minutes=45),
    "qr": timedelta(hours=8),
    "nfc": timedelta(hours=8),
    "manual": timedelta(hours=12),
}

Which = ColumnElement[bool]  # a choice of evidence


@dataclass(frozen=True)
class Claim:
    """That a person is in a place, by one source, as of `at`. `given_by` is the manager of a manual one."""

    source: str
    grade: int
    at: datetime
    device_id: UUID | None = None
    marker_id: UUID | None = None
    given_by: UUID | None = None
    doubtful: bool = False

    @property
    def expires_at(self) -> datetime | None:
        """When it stops to hold by itself."""
        lasts = LASTS[self.source]
        return None if lasts is None else self.at + lasts


def keep(session: Session, visit_id: UUID, organisation_id: UUID, claim: Claim) -> None:
    """Add the evidence, or renew what the same source of the same device said before.

    What arrives late (a phone was without a network) changes nothing that was said since.
    """
    values: dict[str, Any] = {
        "grade": claim.grade,
        "doubtful": claim.doubtful,
        "marker_id": claim.marker_id,
        "given_by": claim.given_by,
        "last_at": claim.at,
        "expires_at": claim.expires_at,
    }
    new = insert(Evidence).values(
        id=ids.new_id(),
        organisation_id=organisation_id,
        visit_id=visit_id,
        device_id=claim.device_id,
        source=claim.source,
        since=claim.at,
        **values,
    )
    session.execute(
        new.on_conflict_do_update(
            index_elements=[Evidence.visit_id, Evidence.source, Evidence.device_id],
            index_where=Evidence.ended_at.is_(None),
            set_=values,
            where=Evidence.last_at <= claim.at,
        )
    )


def everything() -> Which:
    """All that holds, whoever said it."""
    return true()


def said_by(device_id: UUID, sources: Sequence[str] | None = None) -> Which:
    """What a device said: by some sources, or by any."""
    of_device = Evidence.device_id == device_id
    return of_device if sources is None else and_(of_device, of_sources(sources))


def of_sources(sources: Sequence[str]) -> Which:
    """What is known by some sources, whichever device it was."""
    return Evidence.source.in_(sources)


def said_until(at: datetime) -> Which:
    """What was said last at a moment or before: a word that comes late takes back nothing that was said after it."""
    return Evidence.last_at <= at


def expired(at: datetime) -> Which:
    """What held for a time only that is over."""
    return Evidence.expires_at <= at


def let_go(session: Session, visit_id: UUID, which: Which) -> bool:
    """End live evidence of a visit; False when there was none such.

    What fixes said is kept as of the last of them, since the device's position will go on.
    """
    gone = update(Evidence).where(Evidence.visit_id == visit_id, Evidence.ended_at.is_(None), which)
    values = {"ended_at": clock.now(), "last_at": func.greatest(Evidence.last_at, _last_fix())}
    return bool(session.execute(gone.values(values).returning(Evidence.id)).all())


def last_seen(session: Session, visit_id: UUID, which: Which | None = None) -> datetime | None:
    """When any evidence, or this, held or let go, last said that the person was there."""
    said = select(func.max(Evidence.last_at)).where(Evidence.visit_id == visit_id)
    return session.scalar(said if which is None else said.where(which))


def _last_fix() -> ColumnElement[Any]:
    """The last fix of the evidence's device while the visitor has it; NULL for evidence that is not of fixes."""
    return (
        select(DevicePosition.fixed_at)
        .join(Visit, Visit.person_id == DevicePosition.person_id)
        .where(
            Visit.id == Evidence.visit_id,
            DevicePosition.device_id == Evidence.device_id,
            Evidence.source == "gps",
        )
        .correlate(Evidence)
        .scalar_subquery()
    )


def grades(session: Session, visit_id: UUID) -> list[tuple[int, bool]]:
    """(grade, doubtful) of the evidence that carries a visit now."""
    rows = session.execute(
        select(Evidence.grade, Evidence.doubtful).where(
            Evidence.visit_id == visit_id, Evidence.ended_at.is_(None)
        )
    )
    return [(grade, doubtful) for grade, doubtful in rows]
