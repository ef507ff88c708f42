"""A roll call as it is told: the card of those on it, the board of those who oversee it, and the events of both.

Everyone on the roll gets `muster.started` and, while silent, `muster.reminded`. Those who oversee it (the managers of
the place, the organisation's administrators, and its wardens while it runs) get `muster.updated` with every change,
which is the live board.
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from geoalchemy2.shape import to_shape
from shapely import Point
from sqlalchemy import false, func, select
from sqlalchemy.orm import Session

from base import clock
from geo.models.musters import Muster, MusterEntry
from geo.models.places import Place
from geo.models.stays import GateAccount
from geo.presence.views import record_roll
from journal.catalogue import MUSTER_UPDATED
from journal.event_types import EventType
from journal.events import Event, append
from people.audience import administers, holders_of, live_membership, manages
from people.models import Membership, Person
from people.permissions import Permission

_IN_BURST = func.coalesce(GateAccount.in_burst, false())


def wire_muster(muster: Muster, place: Place) -> dict[str, Any]:
    """A roll call as everyone on it sees it."""
    return {
        "id": str(muster.id),
        "place_id": str(muster.place_id),
        "place_kind": place.kind,
        "place_name": place.name,
        "message": muster.message,
        "started_at": clock.wire(muster.started_at),
        "started_by": str(muster.started_by),
        "ended_at": clock.wire_or_none(muster.ended_at),
    }


def wire_board(session: Session, muster: Muster) -> dict[str, Any]:
    """A roll call as those who oversee it see it."""
    return wire_muster(muster, session.get_one(Place, muster.place_id)) | {
        "counts": counts(session, muster.id),
        "warden_ids": [str(person_id) for person_id in muster.warden_ids],
        "left_within_minutes": muster.left_within_minutes,
        "repeat_seconds": muster.repeat_seconds,
        "repeat_at": clock.wire_or_none(muster.repeat_at),
        "ended_by": None if muster.ended_by is None else str(muster.ended_by),
    }


def wire_card(session: Session, muster: Muster, entry: MusterEntry) -> dict[str, Any]:
    """A roll call as somebody on it sees it."""
    card = wire_muster(muster, session.get_one(Place, muster.place_id))
    return card | {"your_status": entry.status, "your_answer_at": clock.wire_or_none(entry.answered_at)}


def list_lines(session: Session, muster_id: UUID, persons: Sequence[UUID]) -> list[dict[str, Any]]:
    """The lines of these persons, in the order of their ids."""
    query = (
        select(MusterEntry, Person.name, _IN_BURST, GateAccount.replaced_by)
        .join(Person, Person.id == MusterEntry.person_id)
        .outerjoin(GateAccount, GateAccount.person_id == MusterEntry.person_id)
        .where(MusterEntry.muster_id == muster_id, MusterEntry.person_id.in_(persons))
    )
    rows = session.execute(query.order_by(MusterEntry.person_id))
    return [_wire_line(*row) for row in rows]


def _wire_line(
    entry: MusterEntry, name: str, opened_in_burst: bool, replaced_by: UUID | None
) -> dict[str, Any]:
    """One person's line on the board."""
    point = None if entry.point is None else cast("Point", to_shape(entry.point))
    return {
        "person": {"id": str(entry.person_id), "name": name},
        "expected": entry.expected,
        "status": entry.status,
        "certain": entry.certain,
        "doubts": list(entry.doubts),
        "sources": list(entry.sources),
        "confidence": entry.confidence,
        "last_seen_at": clock.wire_or_none(entry.last_seen_at),
        "left_at": clock.wire_or_none(entry.left_at),
        "text": entry.text,
        "point": None if point is None else {"type": "Point", "coordinates": [point.x, point.y]},
        "answered_at": clock.wire_or_none(entry.answered_at),
        "answered_by": None if entry.answered_by is None else str(entry.answered_by),
        "alerts": entry.alerts,
        "opened_in_burst": opened_in_burst,
        "replaced_by": None if replaced_by is None else str(replaced_by),
        "set_aside": _wire_set_aside(entry),
    }


def _wire_set_aside(entry: MusterEntry) -> dict[str, Any] | None:
    if entry.set_aside_at is None:
        return None
    return {
        "at": clock.wire(entry.set_aside_at),
        "by": None if entry.set_aside_by is None else str(entry.set_aside_by),
        "reason": entry.set_aside_reason,
    }


def counts(session: Session, muster_id: UUID) -> dict[str, int]:
    """How many are expected, and how many of them are in which state. Who was set aside is counted as that alone."""
    counted = MusterEntry.set_aside_at.is_(None)
    unaccounted = counted & (MusterEntry.status == "unaccounted")
    named = {
        "expected": counted,
        "unaccounted": unaccounted,
        "safe": counted & (MusterEntry.status == "safe"),
        "need_help": counted & (MusterEntry.status == "need_help"),
        "uncertain": unaccounted & MusterEntry.certain.is_(False),
        "left": counted & MusterEntry.left_at.is_not(None),
        "opened_in_burst": counted & _IN_BURST,
        "unaccounted_in_burst": unaccounted & _IN_BURST,
        "set_aside": ~counted,
    }
    row = session.execute(
        select(*(func.count().filter(which) for which in named.values()))
        .select_from(MusterEntry)
        .outerjoin(GateAccount, GateAccount.person_id == MusterEntry.person_id)
        .where(MusterEntry.muster_id == muster_id)
    ).one()
    return dict(zip(named, row, strict=True))


def call(session: Session, event_type: EventType, muster: Muster, persons: Sequence[UUID]) -> None:
    """Tell each of the persons of the roll call."""
    payload = wire_muster(muster, session.get_one(Place, muster.place_id))
    events = [
        Event(
            event_type, subject_id=muster.id, payload=payload, person_id=person_id, actor_id=muster.started_by
        )
        for person_id in persons
    ]
    append(session, muster.organisation_id, *events)


def tell_board(session: Session, muster: Muster, *changed: MusterEntry) -> None:
    """Tell those who oversee the roll call how it stands, and which entries changed (none: to be read anew).

    Whose line is told is named to all of them, whether or not their apps show it: that is a look.
    """
    whom, persons = overseers(session, muster), [entry.person_id for entry in changed]
    head = {
        "muster_id": str(muster.id),
        "place_id": str(muster.place_id),
        "counts": counts(session, muster.id),
    }
    lines = [_told(line) for line in list_lines(session, muster.id, persons)] if persons else [None]
    events = [
        Event(MUSTER_UPDATED, subject_id=muster.id, payload=head | {"entry": line}, person_id=person_id)
        for line in lines
        for person_id in whom
    ]
    append(session, muster.organisation_id, *events)
    record_roll(session, muster, whom, persons)


def _told(line: dict[str, Any]) -> dict[str, Any]:
    """A line as the journal keeps it: where exactly somebody needs help is read from the board."""
    return {member: value for member, value in line.items() if member != "point"}


def overseers(session: Session, muster: Muster) -> list[UUID]:
    """The wardens, the managers of the place and its site, the administrators, and who was given to run roll calls."""
    site_id = session.get_one(Place, muster.place_id).site_id
    managers = select(Membership.person_id).where(
        Membership.scope_id.in_((muster.place_id, site_id)), manages(), *live_membership()
    )
    given = holders_of(Permission.MUSTERS_RUN, (muster.place_id, site_id, muster.organisation_id))
    chosen = Person.id.in_(muster.warden_ids) | Person.id.in_(managers) | Person.id.in_(given)
    return sorted(
        session.scalars(
            select(Person.id).where(
                Person.organisation_id == muster.organisation_id,
                Person.ended_at.is_(None),
                chosen | administers(),
            )
        )
    )
