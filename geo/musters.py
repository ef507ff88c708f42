"""Musters: a manager calls the roll of a place, people answer, wardens mark, a report stays.

Nobody slips through between the count and the call: starting locks the places, and whoever opens a visit meanwhile
waits for that lock, then finds the roll call running and is put on it as arrived late.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Forbidden, Invalid, NotFound
from geo import roll
from geo.models import Place
from geo.muster_models import Muster, MusterEntry
from geo.muster_report import make_report
from geo.places import SRID
from geo.presence import sightings
from geo.presence_views import record_views
from people.actor import Actor
from people.models import Person
from people.permissions import GRANTED, Permission
from people.scopes import scope_for, standing_in

MAX_REPEATS = 20


class MusterRunning(Conflict):
    """The place has a roll call already."""

    code, title = "muster_running", "A roll call of this place is running"


class MusterEnded(Conflict):
    """Nothing can be answered any more."""

    code, title = "muster_ended", "This roll call has ended"


class AnswerSuperseded(Conflict):
    """Something later was said of the person, by themselves or by a warden."""

    code, title = "answer_superseded", "A later answer is there already"


def start(session: Session, actor: Actor, place_id: UUID, draft: dict[str, Any]) -> Muster:
    """Call the roll of a site or zone; raises `MusterRunning`, or `Invalid` for a warden who is nobody."""
    scope_for(session, actor, place_id, Permission.MUSTERS_RUN)
    places = _lock_places(session, place_id)
    if session.scalar(select(Muster.id).where(Muster.place_id == place_id, Muster.ended_at.is_(None))):
        raise MusterRunning
    _check_wardens(session, actor, draft["warden_ids"])
    at = clock.now()
    muster = Muster(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        place_id=place_id,
        message=draft["message"],
        warden_ids=draft["warden_ids"],
        left_within_minutes=draft["left_within_minutes"],
        repeat_seconds=draft["repeat_seconds"],
        repeats_left=MAX_REPEATS,
        repeat_at=at + timedelta(seconds=draft["repeat_seconds"]),
        started_at=at,
        started_by=actor.person_id,
    )
    session.add(muster)
    session.flush()
    since = at - timedelta(minutes=muster.left_within_minutes)
    entries = roll.expected(sightings(session, places, left_after=since))
    roll.add_entries(session, muster, entries)
    called = [entry["person_id"] for entry in entries]
    record_views(session, actor, place_id, called, f"muster {muster.id}: {muster.message}"[:200])
    roll.call(session, "muster.started", muster, called)
    roll.tell_board(session, muster)
    return muster


def muster_for(session: Session, actor: Actor, muster_id: UUID, *, lock: bool = False) -> Muster:
    """A roll call that the actor oversees; `NotFound` for those who are not even on it, else `Forbidden`."""
    muster = session.get(Muster, muster_id, with_for_update=lock)
    if muster is None or muster.organisation_id != actor.organisation_id:
        raise NotFound
    if actor.person_id in (muster.started_by, *muster.warden_ids):
        return muster
    if Permission.MUSTERS_RUN in GRANTED[standing_in(session, actor, muster.place_id)]:
        return muster
    if session.get(MusterEntry, (muster_id, actor.person_id)) is None:
        raise NotFound
    raise Forbidden("Only those who oversee the roll call see its board.")


def answer(
    session: Session, actor: Actor, muster_id: UUID, said: dict[str, Any], *, at: datetime | None = None
) -> dict[str, Any]:
    """Say that one is safe or needs help. Who belongs to the place and is not on the roll is put on it.

    An answer that waited on a phone since `at` does not undo what was said after it: `AnswerSuperseded`.
    """
    muster = _running(session, muster_id)
    entry = session.get(MusterEntry, (muster_id, actor.person_id), with_for_update=True)
    if entry is None:
        scope_for(session, actor, muster.place_id, Permission.POSTS_READ)
        entry = roll.add_entry(session, muster, actor.person_id, expected="added")
    if at is not None and entry.answered_at is not None and at < entry.answered_at:
        raise AnswerSuperseded
    _set(session, muster, entry, actor.person_id, said, at)
    return wire_card(session, muster, entry)


def mark(
    session: Session, actor: Actor, muster_id: UUID, person_id: UUID, said: dict[str, Any]
) -> dict[str, Any]:
    """A warden says how somebody is, also somebody whom nobody expected."""
    muster = muster_for(session, actor, muster_id)
    muster = _running(session, muster.id)
    person = session.get(Person, person_id)
    if person is None or person.organisation_id != muster.organisation_id:
        raise NotFound
    entry = session.get(MusterEntry, (muster_id, person_id), with_for_update=True)
    entry = entry or roll.add_entry(session, muster, person_id, expected="added")
    _set(session, muster, entry, actor.person_id, said)
    return roll.wire_entry(entry, person.name)


def end(session: Session, actor: Actor, muster_id: UUID) -> Muster:
    """End a roll call and keep its report; once more is no mistake."""
    muster = muster_for(session, actor, muster_id, lock=True)
    if muster.ended_at is not None:
        return muster
    muster.ended_at, muster.ended_by, muster.repeat_at = clock.now(), actor.person_id, None
    session.flush()
    muster.report = make_report(session, wire_board(session, muster))
    session.flush()
    persons = select(MusterEntry.person_id).where(MusterEntry.muster_id == muster.id)
    told = {*session.scalars(persons), *roll.overseers(session, muster)}
    roll.call(session, "muster.ended", muster, sorted(told))
    return muster


def wire_board(session: Session, muster: Muster) -> dict[str, Any]:
    """A roll call as those who oversee it see it."""
    return roll.wire_muster(muster, session.get_one(Place, muster.place_id)) | {
        "counts": roll.counts(session, muster.id),
        "warden_ids": [str(person_id) for person_id in muster.warden_ids],
        "left_within_minutes": muster.left_within_minutes,
        "repeat_seconds": muster.repeat_seconds,
        "repeat_at": clock.wire_or_none(muster.repeat_at),
        "ended_by": None if muster.ended_by is None else str(muster.ended_by),
    }


def wire_card(session: Session, muster: Muster, entry: MusterEntry) -> dict[str, Any]:
    """A roll call as somebody on it sees it."""
    card = roll.wire_muster(muster, session.get_one(Place, muster.place_id))
    return card | {"your_status": entry.status, "your_answer_at": clock.wire_or_none(entry.answered_at)}


def my_cards(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The running roll calls that expect the actor."""
    rows = session.execute(
        select(Muster, MusterEntry)
        .join(MusterEntry, MusterEntry.muster_id == Muster.id)
        .where(MusterEntry.person_id == actor.person_id, Muster.ended_at.is_(None))
        .order_by(Muster.id)
    )
    return [wire_card(session, muster, entry) for muster, entry in rows]


def list_musters(session: Session, place_id: UUID, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A place's roll calls, newest first."""
    query = select(Muster).where(Muster.place_id == place_id)
    if before is not None:
        query = query.where(Muster.id < before)
    return [
        wire_board(session, muster)
        for muster in session.scalars(query.order_by(Muster.id.desc()).limit(limit))
    ]


def remind_silent(session: Session) -> int:
    """Call those again who have not answered; returns how many. Safe to run in several workers."""
    due = session.scalars(
        select(Muster)
        .where(Muster.ended_at.is_(None), Muster.repeat_at <= clock.now())
        .with_for_update(skip_locked=True)
    ).all()
    return sum(_remind(session, muster) for muster in due)


def _remind(session: Session, muster: Muster) -> int:
    silent = session.scalars(
        update(MusterEntry)
        .where(MusterEntry.muster_id == muster.id, MusterEntry.status == "unaccounted")
        .values(alerts=MusterEntry.alerts + 1)
        .returning(MusterEntry.person_id)
    ).all()
    muster.repeats_left -= 1
    again = clock.now() + timedelta(seconds=muster.repeat_seconds)
    muster.repeat_at = again if muster.repeats_left > 0 else None
    session.flush()
    roll.call(session, "muster.reminded", muster, sorted(silent))
    return len(silent)


def _set(
    session: Session,
    muster: Muster,
    entry: MusterEntry,
    answered_by: UUID,
    said: dict[str, Any],
    at: datetime | None = None,
) -> None:
    point = said.get("point")
    entry.status, entry.text = said["status"], said.get("text")
    entry.point = None if point is None else from_shape(Point(point["coordinates"]), srid=SRID)
    entry.answered_at, entry.answered_by = at or clock.now(), answered_by
    session.flush()
    roll.tell_board(session, muster, entry)


def _running(session: Session, muster_id: UUID) -> Muster:
    muster = session.get(Muster, muster_id, with_for_update={"read": True}, populate_existing=True)
    if muster is None:
        raise NotFound
    if muster.ended_at is not None:
        raise MusterEnded
    return muster


def _lock_places(session: Session, place_id: UUID) -> list[UUID]:
    """The place, and with a site its zones; visits cannot begin there until the roll call is there."""
    of_muster = select(Place.id).where((Place.id == place_id) | (Place.site_id == place_id))
    return list(session.scalars(of_muster.order_by(Place.id).with_for_update()))


def _check_wardens(session: Session, actor: Actor, warden_ids: list[UUID]) -> None:
    known = set(
        session.scalars(select(Person.id).where(Person.id.in_(warden_ids), Person.ended_at.is_(None)))
    )
    for index, person_id in enumerate(warden_ids):
        if person_id not in known:
            raise Invalid.at(f"/warden_ids/{index}", "There is no such person.")
