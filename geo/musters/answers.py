"""How people are: what they say of themselves, and what wardens say of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from geoalchemy2.shape import from_shape, to_shape
from shapely import Point
from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, NotFound
from geo.models.musters import Muster, MusterEntry
from geo.models.places import SRID
from geo.models.stays import GateAccount
from geo.musters import roll
from geo.musters.board import list_lines, tell_board, wire_board, wire_card
from geo.musters.musters import muster_for
from geo.presence.late import scope_then, was_there_to_read
from geo.presence.views import record_roll
from people.actor import Actor
from people.models import Person
from people.permissions import Permission
from people.scopes.scopes import NotAMember, refuse_absent


class MusterEnded(Conflict):
    """Nothing can be answered any more."""

    code, title = "muster_ended", "This roll call has ended"


class AnswerSuperseded(Conflict):
    """Something later was said of the person, by themselves or by a warden."""

    code, title = "answer_superseded", "A later answer is there already"


def answer(
    session: Session, actor: Actor, muster_id: UUID, said: dict[str, Any], *, at: datetime | None = None
) -> dict[str, Any]:
    """Say that one is safe or needs help. Who belongs to the place, or did then, and is not on the roll is put on it.

    An answer that waited on a phone since `at` does not undo what was said after it: `AnswerSuperseded`. One that was
    taken and is sent again is answered as before, also when the roll call has ended since.
    """
    muster = _locked(session, actor, muster_id)
    entry = _entry_of(session, muster.id, actor.person_id)
    if muster.ended_at is not None:
        if entry is None or not _says(entry, actor.person_id, said):
            raise MusterEnded
        return wire_card(session, muster, entry)
    if entry is None:
        scope = scope_then(session, actor, muster.place_id, Permission.POSTS_READ, at)
        if not was_there_to_read(scope, muster.started_at, at):
            raise NotAMember
        entry = roll.put_on(session, muster, actor.person_id, "added")
    if at is not None and entry.answered_at is not None and at < entry.answered_at:
        raise AnswerSuperseded
    _set(session, muster, entry, actor.person_id, said, at)
    return wire_card(session, muster, entry)


def read_card(session: Session, actor: Actor, muster_id: UUID) -> dict[str, Any]:
    """A roll call that the actor is on, with their own answer."""
    entry = session.get(MusterEntry, (muster_id, actor.person_id))
    if entry is None:
        raise NotFound
    return wire_card(session, session.get_one(Muster, muster_id), entry)


def mark(
    session: Session, actor: Actor, muster_id: UUID, person_id: UUID, said: dict[str, Any]
) -> dict[str, Any]:
    """A warden says how somebody is, also somebody whom nobody expected."""
    muster = muster_for(session, actor, muster_id)
    if muster.ended_at is not None:
        raise MusterEnded
    person = session.get(Person, person_id)
    if person is None or person.organisation_id != muster.organisation_id:
        raise NotFound
    entry = _entry_of(session, muster.id, person_id) or roll.put_on(session, muster, person_id, "added")
    roll.refresh(session, muster, [person_id])
    record_roll(session, muster, [actor.person_id], [person_id])
    _set(session, muster, entry, actor.person_id, said)
    return list_lines(session, muster.id, [person_id])[0]


def set_aside(
    session: Session, actor: Actor, muster_id: UUID, reason: str, person_ids: Collection[UUID] | None = None
) -> dict[str, Any]:
    """Expect those no more who have not answered and whose accounts were opened in a burst, or these of them.

    They stay on the roll with the reason and who gave it, are reminded as before, and are counted again as soon as they
    answer or are marked. Whoever is none of those is left as they are: they may have answered in this moment.
    """
    muster = muster_for(session, actor, muster_id)
    if muster.ended_at is not None:
        raise MusterEnded
    silent = (
        select(MusterEntry)
        .join(GateAccount, GateAccount.person_id == MusterEntry.person_id)
        .where(MusterEntry.muster_id == muster.id, MusterEntry.status == "unaccounted")
        .where(MusterEntry.set_aside_at.is_(None), GateAccount.in_burst)
        .order_by(MusterEntry.person_id)
        .with_for_update(of=MusterEntry)
        .execution_options(populate_existing=True)
    )
    if person_ids is not None:
        silent = silent.where(MusterEntry.person_id.in_(person_ids))
    entries, at = session.scalars(silent).all(), clock.now()
    for entry in entries:
        entry.set_aside_at, entry.set_aside_by, entry.set_aside_reason = at, actor.person_id, reason
    session.flush()
    if entries:
        record_roll(session, muster, [actor.person_id], [entry.person_id for entry in entries])
        tell_board(session, muster)
    return wire_board(session, muster)


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
    # Who is heard of is somebody: they are counted again.
    entry.set_aside_at = entry.set_aside_by = entry.set_aside_reason = None
    session.flush()
    tell_board(session, muster, entry)


def _says(entry: MusterEntry, person_id: UUID, said: dict[str, Any]) -> bool:
    """Whether a line is the person's own word, and this one."""
    point = None if entry.point is None else list(cast("Point", to_shape(entry.point)).coords[0])
    given = None if said.get("point") is None else list(said["point"]["coordinates"])
    theirs = (entry.answered_by, entry.status, entry.text, point)
    return theirs == (person_id, said["status"], said.get("text"), given)


def _locked(session: Session, actor: Actor, muster_id: UUID) -> Muster:
    muster = session.get(Muster, muster_id, with_for_update={"read": True}, populate_existing=True)
    if muster is None:
        _entry_of(session, muster_id, actor.person_id)  # as for one that is not theirs
        refuse_absent(session, actor, muster_id)
    return muster


def _entry_of(session: Session, muster_id: UUID, person_id: UUID) -> MusterEntry | None:
    return session.get(MusterEntry, (muster_id, person_id), with_for_update=True)
