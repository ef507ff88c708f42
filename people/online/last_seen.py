"""Who may see whether somebody is online, and when they were last seen.

Nobody, until they choose `colleagues`. Then those see it who chose the same and follow a scope with them, other than
the organisation's own. Memberships by presence do not count: an answer would tell who is in a place now. Nor do direct
conversations: whoever opens one would take the right by force.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from base import clock
from base.database import table_of
from base.errors import NotFound
from journal.catalogue import LAST_SEEN_CHOSEN
from journal.events import Event, append
from people.actor import Actor
from people.audience import live_membership
from people.models import Membership, Person, Scope
from people.online.models import LastSeen
from people.online.online import Online

_SHOWN = "colleagues"
_STEP = timedelta(minutes=1)
_kept = table_of(LastSeen)
_insert = insert(_kept)
_NOTED = _insert.on_conflict_do_update(
    index_elements=[_kept.c.person_id],
    set_={"seen_at": _insert.excluded.seen_at},
    where=_kept.c.seen_at <= _insert.excluded.seen_at - _STEP,
)


def shown_to(session: Session, viewer_id: UUID, among: Collection[UUID]) -> dict[UUID, datetime | None]:
    """Those of the persons of whom the viewer may see whether they are online, and when each was last seen."""
    viewer, mine = aliased(Person), aliased(Membership)
    shared = exists(
        select(Membership.id)
        .join(Scope, Scope.id == Membership.scope_id)
        .join(mine, mine.scope_id == Membership.scope_id)
        .where(
            Membership.person_id == Person.id,
            mine.person_id == viewer_id,
            Membership.source != "presence",
            mine.source != "presence",
            Scope.kind.not_in(("organisation", "direct")),
            Scope.archived_at.is_(None),
            *live_membership(),
            *live_membership(mine),
        )
        .correlate(Person)
    )
    rows = session.execute(
        select(Person.id, LastSeen.seen_at)
        .select_from(Person)
        .join(viewer, and_(viewer.id == viewer_id, viewer.last_seen == _SHOWN, viewer.ended_at.is_(None)))
        .outerjoin(LastSeen, LastSeen.person_id == Person.id)
        .where(Person.id.in_(among), Person.last_seen == _SHOWN, Person.ended_at.is_(None), shared)
    ).all()
    return {row.id: row.seen_at for row in rows}


def online_states(
    session: Session, organisation_id: UUID, viewer_id: UUID, online: Online, person_ids: Collection[UUID]
) -> list[dict[str, Any]]:
    """Those of these persons who show it to the viewer, in wire form; all others are left out alike."""
    seen = shown_to(session, viewer_id, person_ids)
    return [
        wire_online_state(person_id, (organisation_id, person_id) in online, seen[person_id])
        for person_id in dict.fromkeys(person_ids)
        if person_id in seen
    ]


def online_state_of(session: Session, actor: Actor, online: Online, person_id: UUID) -> dict[str, Any]:
    """Whether one person is online; raises `NotFound` when it is not shown, whatever the reason."""
    found = online_states(session, actor.organisation_id, actor.person_id, online, [person_id])
    if not found:
        raise NotFound
    return found[0]


def wire_online_state(person_id: UUID, online: bool, seen_at: datetime | None) -> dict[str, Any]:
    """Whether somebody is online, in wire form; who is so now was not last seen at some time."""
    last = None if online or seen_at is None else clock.wire(seen_at.replace(second=0, microsecond=0))
    return {"person_id": str(person_id), "online": online, "last_seen_at": last}


def set_last_seen(session: Session, person: Person, choice: str) -> None:
    """Choose who sees it (`nobody`, `colleagues`); what was kept is forgotten with `nobody`."""
    if choice == person.last_seen:
        return
    person.last_seen = choice
    if choice != _SHOWN:
        session.execute(delete(LastSeen).where(LastSeen.person_id == person.id))
    event = Event(
        LAST_SEEN_CHOSEN,
        subject_id=person.id,
        payload={"last_seen": choice},
        person_id=person.id,
        actor_id=person.id,
    )
    append(session, person.organisation_id, event)


def note_seen(session: Session, organisation_id: UUID, seen: Mapping[UUID, datetime]) -> None:
    """Keep when these persons were connected: of those who show it, and once a minute each."""
    showing = (
        select(Person.id)
        .where(Person.id == any_(bindparam("persons", list(seen), ARRAY(Uuid))), Person.last_seen == _SHOWN)
        .order_by(Person.id)
        # Whoever hides it meanwhile comes before or after, and leaves no row behind.
        .with_for_update(read=True)
    )
    rows = [
        {"person_id": person_id, "organisation_id": organisation_id, "seen_at": seen[person_id]}
        for person_id in session.scalars(showing)
    ]
    if rows:
        session.execute(_NOTED, rows)
