"""How loud a scope is for a person: the level of its pushes, and until when it is muted.

Everyone follows the organisation's own scope without a row. Who wants it louder or quieter gets one, which says that
and nothing else: it was not joined, cannot be left, and is in no list of members.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import NotFound
from journal.catalogue import MEMBERSHIP_UPDATED
from journal.events import Event, append
from people.actor import Actor
from people.models import Membership, Person, Scope
from people.scopes.member_lists import IMPLIED, live_membership_of, wire_membership
from people.scopes.memberships import one_at_a_time


def set_wishes(session: Session, actor: Actor, scope_id: UUID, changes: dict[str, Any]) -> dict[str, Any]:
    """Change `level` or `muted_until` of one's membership; one's devices hear `membership.updated`.

    Raises `NotFound` for a scope that one does not follow.
    """
    one_at_a_time(session, actor.person_id)
    membership = live_membership_of(session, scope_id, actor.person_id)
    if membership is not None and membership.ends_at is not None and membership.ends_at <= clock.now():
        raise NotFound
    is_new = membership is None
    membership = membership or _implied(session, actor, scope_id)
    scope = session.get_one(Scope, scope_id)
    if scope.archived_at is not None:
        raise NotFound
    before = (membership.level, membership.muted_until)
    for name, value in changes.items():
        setattr(membership, name, value)
    payload = wire_membership(membership, scope, actor.role)
    if is_new or before != (membership.level, membership.muted_until):
        session.add(membership)
        session.flush()
        _tell(session, membership, payload)
    return payload


def _implied(session: Session, actor: Actor, scope_id: UUID) -> Membership:
    """The membership that everyone has of the organisation's own scope, as it would stand in its row."""
    if scope_id != actor.organisation_id or actor.is_visitor:
        raise NotFound
    return Membership(
        id=ids.new_id(),
        organisation_id=scope_id,
        scope_id=scope_id,
        person_id=actor.person_id,
        role="member",
        source=IMPLIED,
        level="all",
        started_at=session.get_one(Person, actor.person_id).created_at,
    )


def _tell(session: Session, membership: Membership, payload: dict[str, Any]) -> None:
    event = Event(
        MEMBERSHIP_UPDATED,
        subject_id=membership.id,
        payload=payload,
        person_id=membership.person_id,
        actor_id=membership.person_id,
    )
    append(session, membership.organisation_id, event)
