"""Musters: a manager calls the roll of a place, people answer, wardens mark, a report stays.

Nobody slips through between the count and the call: starting locks the places, and whoever opens a visit meanwhile
waits for that lock, then finds the roll call running and is put on it as arrived late.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, not_, select, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Forbidden, Invalid, NotFound
from geo.models.musters import Muster, MusterEntry
from geo.models.places import Place
from geo.musters import roll
from geo.musters.area import lock_places, places_of
from geo.musters.board import call, list_lines, overseers, tell_board, wire_board, wire_card
from geo.musters.report import lifted, list_persons, make_report
from geo.presence.views import record_roll
from journal.catalogue import MUSTER_ENDED, MUSTER_REMINDED, MUSTER_STARTED
from people.actor import Actor
from people.audience import sight_of
from people.models import Person
from people.permissions import SERVICE, Permission
from people.scopes.scopes import refuse_absent, scope_for

MAX_REPEATS = 20
# Set aside by no warden, but since the same phone goes on with another account.
_REPLACED = and_(MusterEntry.set_aside_at.is_not(None), MusterEntry.set_aside_by.is_(None))


class MusterRunning(Conflict):
    """The place has a roll call already, or its report is asked for before its end."""

    code, title = "muster_running", "A roll call of this place is running"


def start(session: Session, actor: Actor, place_id: UUID, draft: dict[str, Any]) -> Muster:
    """Call the roll of a site or zone; raises `MusterRunning`, or `Invalid` for a warden who is nobody."""
    place = _place_for(session, actor, place_id)
    place_ids = places_of(session, place)
    lock_places(session, place_ids)
    if session.scalar(select(Muster.id).where(Muster.place_id == place_id, Muster.ended_at.is_(None))):
        raise MusterRunning
    _check_wardens(session, actor, draft["warden_ids"])
    at = clock.now()
    muster = Muster(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        place_id=place_id,
        place_ids=place_ids,
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
    called = roll.draw_up(session, muster)
    record_roll(session, muster, [actor.person_id], called)
    call(session, MUSTER_STARTED, muster, called)
    tell_board(session, muster)
    return muster


def muster_for(session: Session, actor: Actor, muster_id: UUID, *, lock: bool = False) -> Muster:
    """A roll call that the actor oversees, held until the transaction ends (`lock`: alone).

    Overseeing is asked anew each time, and wardens oversee while it runs. `NotFound` for those who have never had to
    do with it, `Forbidden` for the others.
    """
    muster = session.get(Muster, muster_id, with_for_update={"read": not lock}, populate_existing=True)
    if muster is None or muster.organisation_id != actor.organisation_id:
        session.get(MusterEntry, (muster_id, actor.person_id))  # as for one that is not theirs
        refuse_absent(session, actor, muster_id)
    scope = sight_of(session, actor, muster.place_id)
    if scope is not None and scope.grants(Permission.MUSTERS_RUN):
        return muster
    warden = actor.person_id in muster.warden_ids
    if warden and muster.ended_at is None:
        return muster
    concerned = warden or actor.person_id == muster.started_by
    if not concerned and session.get(MusterEntry, (muster_id, actor.person_id)) is None:
        raise NotFound
    raise Forbidden("Only those who oversee the roll call see its board.")


def read_board(session: Session, actor: Actor, muster_id: UUID) -> dict[str, Any]:
    """The board's head, as it stands now or stood at the end."""
    muster = muster_for(session, actor, muster_id)
    if muster.ended_at is None:
        roll.refresh(session, muster)
    return wire_board(session, muster)


def read_entries(
    session: Session, actor: Actor, muster_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of the roll, as it stands now or stood at the end; each person on it is told who looked."""
    muster = muster_for(session, actor, muster_id)
    persons = list_persons(session, muster_id, after, limit)
    if muster.ended_at is None:
        roll.refresh(session, muster, persons)
    record_roll(session, muster, [actor.person_id], persons)
    return list_lines(session, muster_id, persons)


def read_line(session: Session, actor: Actor, muster_id: UUID, person_id: UUID) -> dict[str, Any]:
    """One person's line, as it stands now or stood at the end."""
    muster = muster_for(session, actor, muster_id)
    if session.get(MusterEntry, (muster_id, person_id)) is None:
        raise NotFound
    if muster.ended_at is None:
        roll.refresh(session, muster, [person_id])
    record_roll(session, muster, [actor.person_id], [person_id])
    return list_lines(session, muster_id, [person_id])[0]


def read_report(session: Session, actor: Actor, muster_id: UUID) -> dict[str, Any]:
    """The report of an ended roll call; raises `MusterRunning` before."""
    muster = muster_for(session, actor, muster_id)
    if muster.report is None:
        raise MusterRunning("The roll call is running; its report is made when it ends.")
    persons = [UUID(entry["person"]["id"]) for entry in muster.report["entries"]]
    record_roll(session, muster, [actor.person_id], persons)
    return lifted(muster.report)


def end(session: Session, actor: Actor, muster_id: UUID) -> Muster:
    """End a roll call and keep its report; once more is no mistake."""
    muster = muster_for(session, actor, muster_id, lock=True)
    if muster.ended_at is not None:
        return muster
    roll.refresh(session, muster)
    muster.ended_at, muster.ended_by, muster.repeat_at = clock.now(), actor.person_id, None
    session.flush()
    muster.report = make_report(session, wire_board(session, muster))
    session.flush()
    told = {*list_persons(session, muster.id), *overseers(session, muster)}
    call(session, MUSTER_ENDED, muster, sorted(told))
    return muster


def my_cards(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The running roll calls that expect the actor."""
    rows = session.execute(
        select(Muster, MusterEntry)
        .join(MusterEntry, MusterEntry.muster_id == Muster.id)
        .where(MusterEntry.person_id == actor.person_id, Muster.ended_at.is_(None))
        .order_by(Muster.id)
    )
    return [wire_card(session, muster, entry) for muster, entry in rows]


def list_musters(
    session: Session, actor: Actor, place_id: UUID, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A place's roll calls, newest first."""
    _place_for(session, actor, place_id)
    query = select(Muster).where(Muster.place_id == place_id)
    if before is not None:
        query = query.where(Muster.id < before)
    return [
        wire_board(session, muster)
        for muster in session.scalars(query.order_by(Muster.id.desc()).limit(limit))
    ]


def awaited() -> Select[UUID]:
    """The persons who are not known to be safe on a running roll call."""
    return (
        select(MusterEntry.person_id)
        .join(Muster, Muster.id == MusterEntry.muster_id)
        .where(Muster.ended_at.is_(None), MusterEntry.status != "safe")
    )


def remind_silent(session: Session) -> int:
    """Call those again who have not answered; returns how many. Safe to run in several workers."""
    due = session.scalars(
        select(Muster)
        .where(Muster.ended_at.is_(None), Muster.repeat_at <= clock.now())
        .with_for_update(skip_locked=True)
    ).all()
    return sum(_remind(session, muster) for muster in due)


def _remind(session: Session, muster: Muster) -> int:
    # Who is on the roll for what a phone told of hours ago was not called, and is not reminded.
    never_called = and_(MusterEntry.expected == "arrived_late", MusterEntry.alerts == 0)
    silent = session.scalars(
        update(MusterEntry)
        .where(MusterEntry.muster_id == muster.id, MusterEntry.status == "unaccounted")
        .where(not_(never_called), not_(_REPLACED))
        .values(alerts=MusterEntry.alerts + 1)
        .returning(MusterEntry.person_id)
    ).all()
    muster.repeats_left -= 1
    again = clock.now() + timedelta(seconds=muster.repeat_seconds)
    muster.repeat_at = again if muster.repeats_left > 0 else None
    session.flush()
    call(session, MUSTER_REMINDED, muster, sorted(silent))
    return len(silent)


def _place_for(session: Session, actor: Actor, place_id: UUID) -> Place:
    """The site or zone; `NotFound` for scopes that are no place."""
    scope_for(session, actor, place_id, Permission.MUSTERS_RUN)
    place = session.get(Place, place_id)
    if place is None:
        raise NotFound
    return place


def _check_wardens(session: Session, actor: Actor, warden_ids: list[UUID]) -> None:
    people = select(Person.id).where(Person.role != SERVICE, Person.ended_at.is_(None))
    known = set(session.scalars(people.where(Person.id.in_(warden_ids))))
    for index, person_id in enumerate(warden_ids):
        if person_id not in known:
            raise Invalid.at(f"/warden_ids/{index}", "There is no such person.")
