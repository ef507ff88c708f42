"""Phones that fall silent: presence goes stale, then ends at the last evidence. Both are events.

A phone in a pocket of a locker sends nothing for hours. Half an hour after its last usable fix its visits are called
stale, and the next fix takes that back; after four hours without one they end, as of the last fix. A leaving for which
the last fixes spoke, without being sure yet, is believed after the half hour. Other kinds of evidence have their own
end (`geo/stays/evidence.py`). Each of the jobs may run in several workers at once.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from base import clock
from geo.engine.state import State, forget
from geo.engine.transitions import settle
from geo.models.stays import DevicePosition, Evidence, Visit
from geo.presence.sightings import FRESH
from geo.stays.evidence import expired, said_by
from geo.stays.leaving import leave_by_fixes
from geo.stays.visits import Leaving, mark_resumed, mark_stale, withdraw

SILENT = timedelta(hours=4)
# Few at a time: a phone that comes back waits for the batch that it is in.
BATCH = 25


def mark_silent(session: Session) -> int:
    """Call the visits stale that stand on nothing newer than half an hour; returns how many devices were silent."""
    silent = session.scalars(
        select(DevicePosition)
        .where(
            DevicePosition.stale.is_(False),
            DevicePosition.fixed_at < clock.now() - FRESH,
            _has_visits(),
        )
        .order_by(DevicePosition.device_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in silent:
        row.stale = True
        _settle(session, row)
        for visit in _visits_by_fixes(session, row.device_id, row.person_id):
            if visit.stale_at is None and not _otherwise_seen(session, visit):
                mark_stale(session, visit)
    session.flush()
    return len(silent)


def _settle(session: Session, row: DevicePosition) -> None:
    """End what the last fixes spoke against: none will come any more to say it once again."""
    state, decided = settle(State.from_json(row.state))
    row.state = state.to_json()
    for event in decided:
        left_at = datetime.fromtimestamp(event.at, UTC)
        leave_by_fixes(session, row.person_id, row.device_id, event.place_id, left_at)


def end_silent(session: Session) -> int:
    """End what fixes said where none came for hours, as of the last one; returns how many devices it were."""
    gone = session.scalars(
        select(DevicePosition)
        .where(
            DevicePosition.stale.is_(True),
            DevicePosition.fixed_at < clock.now() - SILENT,
            _has_visits(),
        )
        .order_by(DevicePosition.device_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in gone:
        visits = _visits_by_fixes(session, row.device_id, row.person_id)
        for visit in visits:
            withdraw(session, visit, said_by(row.device_id, ("gps",)), Leaving.unseen("silent"))
        row.state = forget(State.from_json(row.state), [visit.place_id for visit in visits]).to_json()
    session.flush()
    return len(gone)


def end_expired_evidence(session: Session) -> int:
    """End what held for a time only; a visit that stood on it ends as of when it was last seen."""
    at = clock.now()
    over = select(Evidence.visit_id).where(Evidence.ended_at.is_(None), Evidence.expires_at <= at)
    # Nothing is locked before the person, as everywhere; what was renewed or ended meanwhile is left alone.
    visits = session.scalars(
        select(Visit)
        .where(Visit.id.in_(over.order_by(Evidence.expires_at).limit(BATCH)))
        .order_by(Visit.person_id, Visit.place_id)
    ).all()
    ended = [withdraw(session, visit, expired(at), Leaving.unseen("expired")) for visit in visits]
    return sum(payload is not None for payload in ended)


def resume(session: Session, device_id: UUID, person_id: UUID) -> None:
    """The device is heard again: take back that its visits are stale."""
    for visit in _visits_by_fixes(session, device_id, person_id):
        if visit.stale_at is not None:
            mark_resumed(session, visit)


def _visits_by_fixes(session: Session, device_id: UUID, person_id: UUID) -> list[Visit]:
    return list(
        session.scalars(
            select(Visit)
            .join(Evidence, Evidence.visit_id == Visit.id)
            .where(
                Evidence.device_id == device_id,
                Visit.person_id == person_id,
                Evidence.source == "gps",
                Evidence.ended_at.is_(None),
                Visit.left_at.is_(None),
            )
        )
    )


def _has_visits() -> Any:
    return exists().where(
        Evidence.device_id == DevicePosition.device_id,
        Evidence.source == "gps",
        Evidence.ended_at.is_(None),
        Evidence.visit_id == Visit.id,
        Visit.person_id == DevicePosition.person_id,
    )


def _otherwise_seen(session: Session, visit: Visit) -> bool:
    """Whether another source or device has something newer to say."""
    fresh = clock.now() - FRESH
    fixes = select(DevicePosition.device_id).where(
        DevicePosition.person_id == visit.person_id, DevicePosition.fixed_at >= fresh
    )
    other = select(Evidence.id).where(
        Evidence.visit_id == visit.id,
        Evidence.ended_at.is_(None),
        (Evidence.last_at >= fresh) | ((Evidence.source == "gps") & Evidence.device_id.in_(fixes)),
    )
    return session.scalar(other.limit(1)) is not None
