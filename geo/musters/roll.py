"""The entries of a roll call, as people come and go.

What an entry says of a stay is what is known now: it follows every coming and going, is worked out again before every
look at the board and in the report, and by a job, since time alone makes a sighting uncertain. `expected` alone says
how the person came to be on the roll.

Whoever changes entries holds the roll call's row, shared; ending it takes the row alone. So nobody is called to a roll
call that is over, and whoever came before its end is in the report.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from base import clock
from geo.models.musters import Muster, MusterEntry
from geo.models.places import Place
from geo.models.stays import Visit
from geo.musters.board import call, tell_board
from geo.musters.known import Known, expected, knowledge
from geo.presence.sightings import FRESH
from journal.catalogue import MUSTER_STARTED

_GATHERED = "roll.gathered"


def draw_up(session: Session, muster: Muster) -> list[UUID]:
    """Put everyone who is expected on a new roll; returns them."""
    common = {"muster_id": muster.id, "organisation_id": muster.organisation_id, "alerts": 1}
    rows: list[dict[str, Any]] = [
        common | known.columns() | {"person_id": person_id, "expected": _why(known)}
        for person_id, known in expected(session, muster).items()
    ]
    if rows:
        session.execute(insert(MusterEntry), rows)
    return [row["person_id"] for row in rows]


def put_on(
    session: Session, muster: Muster, person_id: UUID, why: str, known: Known | None = None
) -> MusterEntry:
    """The person's entry, locked; put on the roll as `why`, unless somebody did so in this moment."""
    nothing: dict[str, Any] = {"certain": False, "confidence": 1}
    session.execute(
        postgresql.insert(MusterEntry)
        .values(
            muster_id=muster.id,
            person_id=person_id,
            organisation_id=muster.organisation_id,
            expected=why,
            alerts=0,
            **(nothing if known is None else known.columns()),
        )
        .on_conflict_do_nothing()
    )
    key = (muster.id, person_id)
    return session.get_one(MusterEntry, key, with_for_update=True, populate_existing=True)


def follow_visit(session: Session, visit: Visit, place: Place) -> None:
    """Something changed about a visit: running roll calls of the place follow, at once or with the batch."""
    areas = {place.id, place.site_id}
    gathered: dict[UUID, set[UUID]] | None = session.info.get(_GATHERED)
    if gathered is None:
        _follow_person(session, visit.person_id, areas)
    else:
        gathered.setdefault(visit.person_id, set()).update(areas)


@contextmanager
def gathering(session: Session) -> Generator[None]:
    """Let roll calls follow when a whole batch is in: it may lead through a place hours ago, and out again."""
    if _GATHERED in session.info:
        yield
        return
    gathered: dict[UUID, set[UUID]] = {}
    session.info[_GATHERED] = gathered
    try:
        yield
    finally:
        del session.info[_GATHERED]
    for person_id, areas in gathered.items():
        _follow_person(session, person_id, areas)


def refresh(session: Session, muster: Muster, persons: Sequence[UUID] | None = None) -> None:
    """Bring entries up to date with what is known now; the caller holds the running roll call."""
    _learn_all(session, muster, knowledge(session, muster, persons))


def refresh_running(session: Session) -> int:
    """Do so for all that run; returns how many. Safe to run in several workers."""
    running = session.scalars(_running().with_for_update(read=True, skip_locked=True)).all()
    for muster in running:
        refresh(session, muster)
    return len(running)


def tell_marked(session: Session, persons: Sequence[UUID]) -> None:
    """Other accounts were found to be of a burst: who oversees a running roll call that has them looks anew."""
    theirs = exists().where(MusterEntry.muster_id == Muster.id, MusterEntry.person_id.in_(persons))
    for muster in session.scalars(_running().where(theirs)).all() if persons else ():
        tell_board(session, muster)


def _follow_person(session: Session, person_id: UUID, areas: Collection[UUID]) -> None:
    here = _running().where(Muster.place_ids.overlap(list(areas)))
    for muster in session.scalars(here.with_for_update(read=True)).all():
        refresh(session, muster, [person_id])


def _running() -> Any:
    return (
        select(Muster)
        .where(Muster.ended_at.is_(None))
        .order_by(Muster.id)
        .execution_options(populate_existing=True)
    )


def _learn_all(session: Session, muster: Muster, known: Mapping[UUID, Known]) -> None:
    mine = select(MusterEntry).where(MusterEntry.muster_id == muster.id, MusterEntry.person_id.in_(known))
    entries = {entry.person_id: entry for entry in session.scalars(mine)}
    told: list[MusterEntry] = []
    for person_id, now in known.items():
        entry, changed = entries.get(person_id), False
        if entry is None:
            if not now.there:
                continue
            entry, changed = put_on(session, muster, person_id, "arrived_late", now), True
        changed = _learn(entry, now) or changed
        changed = _call_if_due(session, muster, entry, now) or changed
        session.flush()
        if changed:
            told.append(entry)
    if told:
        tell_board(session, muster, *told)


def _learn(entry: MusterEntry, known: Known) -> bool:
    """Take over what is known; returns whether the board is to be told, which is not for every fix."""
    before = _shown(entry)
    for column, value in known.columns().items():
        setattr(entry, column, value)
    if known.there and entry.expected == "left_recently":
        entry.expected = "arrived_late"
    return _shown(entry) != before


def _shown(entry: MusterEntry) -> tuple[Any, ...]:
    """What the board shows of an entry's stay."""
    shown = (entry.expected, entry.certain, entry.doubts, entry.sources, entry.confidence, entry.left_at)
    return tuple(list(value) if isinstance(value, list) else value for value in shown)


def _call_if_due(session: Session, muster: Muster, entry: MusterEntry, known: Known) -> bool:
    """Alert somebody who came, once; not for what a phone tells of hours ago."""
    fresh = known.there and known.last_seen_at >= clock.now() - FRESH
    if entry.alerts > 0 or entry.status != "unaccounted" or not fresh:
        return False
    entry.alerts = 1
    call(session, MUSTER_STARTED, muster, [entry.person_id])
    return True


def _why(known: Known) -> str:
    return "present" if known.left_at is None else "left_recently"
