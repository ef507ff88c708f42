"""How people come into scopes and leave them. Every start, change and end is an event to the person concerned.

A person has at most one live membership in a scope. A stronger source takes over from a weaker one
(assigned > joined > presence); being there changes nothing for somebody who belongs there anyway.

A visitor's assignment has an end from the start (`ends_at`); nothing but another assignment moves it.

Leaving a place does not end a presence membership at once: its grace time runs first (`ends_at`), because people
step out for a smoke and phones lose their place. A worker ends what has run out; every reader already treats it as
ended.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, NotFound
from journal.catalogue import MEMBERSHIP_ENDED, MEMBERSHIP_STARTED, MEMBERSHIP_UPDATED
from journal.event_types import EventType
from journal.events import Event, append
from people.models import Membership, Person, Scope
from people.scopes.member_lists import live_membership_of, wire_membership
from people.scopes.rights import tell_rights

_STRENGTH = {"presence": 0, "joined": 1, "assigned": 2}


def start_membership(
    session: Session,
    scope_id: UUID,
    person_id: UUID,
    *,
    source: str,
    role: str | None = None,
    at: datetime | None = None,
    ends_at: datetime | None = None,
    actor_id: UUID | None = None,
) -> Membership:
    """Let a person into a scope, or strengthen the membership that is there. `ends_at`: a visitor's fixed end."""
    one_at_a_time(session, person_id)
    scope = session.get_one(Scope, scope_id)
    live = live_membership_of(session, scope_id, person_id)
    before = None if live is None else _rights(live)
    if live is not None and _keeps(session, live, source, role, ends_at):
        if before is not None and _rights(live) != before:
            live.role_given_by = actor_id
            _tell(session, MEMBERSHIP_UPDATED, live, scope, actor_id)
            tell_rights(session, live, before[0], live.role, actor_id)
        return live
    membership = Membership(
        id=ids.new_id(),
        organisation_id=scope.organisation_id,
        scope_id=scope_id,
        person_id=person_id,
        role=role or "member",
        role_given_by=actor_id,
        source=source,
        started_at=at or clock.now(),
        ends_at=ends_at,
        **_wishes_of_last_time(session, scope_id, person_id),
    )
    session.add(membership)
    session.flush()
    _tell(session, MEMBERSHIP_STARTED, membership, scope, actor_id)
    tell_rights(session, membership, None, membership.role, actor_id)
    return membership


def _rights(live: Membership) -> tuple[str, str, datetime | None]:
    """What a membership lets do, and until when. When being there ends is told then."""
    return live.role, live.source, None if live.source == "presence" else live.ends_at


def one_at_a_time(session: Session, person_id: UUID) -> None:
    """Let a person's memberships change one at a time: two of their phones may walk in at the same moment."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


def _wishes_of_last_time(session: Session, scope_id: UUID, person_id: UUID) -> dict[str, Any]:
    """How loud the scope was for the person when they were in it last: who comes every day says it once."""
    last = (
        select(Membership.level, Membership.muted_until)
        .where(Membership.person_id == person_id, Membership.scope_id == scope_id)
        .order_by(Membership.started_at.desc())
        .limit(1)
    )
    row = session.execute(last).one_or_none()
    return {"level": "all"} if row is None else {"level": row.level, "muted_until": row.muted_until}


def _keeps(
    session: Session, live: Membership, source: str, role: str | None, ends_at: datetime | None
) -> bool:
    """Update a live membership in place; False when a new one has to start.

    Its grace time may be over; or it is one of presence and belonging takes over: when somebody came in, which its id
    and start tell, is not for those who assign them. Nothing ends for the person, so no event says so.
    """
    if live.ends_at is not None and live.ends_at <= clock.now():
        end_membership(session, live, reason="left")
        return False
    if live.source == "presence" and source != "presence":
        live.ended_at = clock.now()
        session.flush()
        return False
    if _STRENGTH[source] >= _STRENGTH[live.source]:
        live.ends_at = ends_at
    if _STRENGTH[source] > _STRENGTH[live.source]:
        live.source = source
    if role is not None:
        live.role, live.role_ends_at = role, None
    session.flush()
    return True


def leave_presence(session: Session, scope_id: UUID, person_id: UUID, left_at: datetime) -> None:
    """Begin the grace time of a presence membership; without one (0 s) it ends now."""
    membership = live_membership_of(session, scope_id, person_id)
    if membership is None or membership.source != "presence" or membership.ends_at is not None:
        return
    grace = session.get_one(Scope, scope_id).grace_seconds
    membership.ends_at = left_at + timedelta(seconds=grace)
    session.flush()
    if left_at + timedelta(seconds=grace) <= clock.now():
        end_membership(session, membership, reason="left")


def end_membership(
    session: Session, membership: Membership, *, reason: str, actor_id: UUID | None = None
) -> None:
    """End a live membership; from the event's position on nothing of the scope reaches the person."""
    membership.ended_at = clock.now()
    session.flush()
    scope = session.get_one(Scope, membership.scope_id)
    _tell(session, MEMBERSHIP_ENDED, membership, scope, actor_id, reason=reason)
    tell_rights(session, membership, membership.role, None, actor_id)


def tell_again(session: Session, membership: Membership, actor_id: UUID | None = None) -> None:
    """Tell the person how a membership stands, also where nothing changed."""
    _tell(session, MEMBERSHIP_UPDATED, membership, session.get_one(Scope, membership.scope_id), actor_id)


def expired(session: Session, limit: int = 500) -> Sequence[Membership]:
    """The memberships whose time has run out, for this worker to end; several may look at once."""
    return session.scalars(
        select(Membership)
        .where(Membership.ended_at.is_(None), Membership.ends_at <= clock.now())
        .order_by(Membership.ends_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def end_all(session: Session, scope_id: UUID, *, reason: str, actor_id: UUID | None = None) -> None:
    """End every live membership of a scope."""
    for membership in session.scalars(
        select(Membership)
        .where(Membership.scope_id == scope_id, Membership.ended_at.is_(None))
        .with_for_update()
    ):
        end_membership(session, membership, reason=reason, actor_id=actor_id)


def assign(
    session: Session,
    scope_id: UUID,
    person_id: UUID,
    role: str,
    actor_id: UUID,
    *,
    ends_at: datetime | None = None,
) -> tuple[Membership, Scope]:
    """Assign a person of the organisation to a scope; raises `NotFound` for anybody else's.

    With `ends_at` the assignment ends by itself: a contractor for today.
    """
    person = session.get(Person, person_id)
    scope = session.get_one(Scope, scope_id)
    if person is None or person.ended_at is not None or person.organisation_id != scope.organisation_id:
        raise NotFound
    membership = start_membership(
        session, scope_id, person_id, source="assigned", role=role, ends_at=ends_at, actor_id=actor_id
    )
    return membership, scope


def join(session: Session, scope_id: UUID, person_id: UUID) -> tuple[Membership, Scope]:
    """Follow an open scope by one's own will."""
    scope = session.get_one(Scope, scope_id)
    if scope.admission != "open":
        raise Conflict("Only an open scope can be joined.", code="scope_not_open")
    return start_membership(session, scope_id, person_id, source="joined", actor_id=person_id), scope


def _tell(
    session: Session,
    event_type: EventType,
    membership: Membership,
    scope: Scope,
    actor_id: UUID | None,
    reason: str | None = None,
) -> None:
    payload = wire_membership(membership, scope, session.get_one(Person, membership.person_id).role)
    if event_type is MEMBERSHIP_STARTED:
        payload["fetch_from"] = f"/v1/scopes/{scope.id}/posts"
    elif event_type is MEMBERSHIP_ENDED:
        payload |= {"reason": reason, "delete_scope_id": str(scope.id)}
    append(
        session,
        membership.organisation_id,
        Event(
            event_type,
            subject_id=membership.id,
            payload=payload,
            person_id=membership.person_id,
            actor_id=actor_id,
        ),
    )
