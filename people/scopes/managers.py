"""Managers of a scope, whom their membership makes managers: until a moment, or for good.

Who belonged to it before stays a member when that ends; for who did not, the membership ends with it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from people.models import Membership
from people.scopes.member_lists import live_membership_of
from people.scopes.memberships import one_at_a_time, start_membership, tell_again
from people.scopes.rights import tell_rights


def make_manager(
    session: Session, scope_id: UUID, person_id: UUID, ends_at: datetime | None, actor_id: UUID | None
) -> Membership:
    """Let a person manage a scope, or a manager do so until another time; the person and those concerned are told."""
    one_at_a_time(session, person_id)
    live = live_membership_of(session, scope_id, person_id)
    if (
        live is None
        or live.source == "presence"
        or (live.ends_at is not None and live.ends_at <= clock.now())
    ):
        return start_membership(
            session,
            scope_id,
            person_id,
            source="assigned",
            role="manager",
            ends_at=ends_at,
            actor_id=actor_id,
        )
    if live.role == "manager" and live.role_ends_at is None and live.ends_at is not None:
        live.ends_at = ends_at  # all of the membership was given until then
        session.flush()
        tell_again(session, live)
        return live
    _set_role(session, live, "manager", ends_at, actor_id)
    return live


def make_member(session: Session, manager: Membership, actor_id: UUID | None) -> None:
    """Take a manager's role away; the membership stays."""
    _set_role(session, manager, "member", None, actor_id)


def ran_out(session: Session, limit: int) -> Sequence[Membership]:
    """The memberships whose time as a manager's is over, held for this worker; several may look at once."""
    over = (Membership.ended_at.is_(None), Membership.role_ends_at <= clock.now())
    held = select(Membership).where(*over).order_by(Membership.role_ends_at).limit(limit)
    return session.scalars(held.with_for_update(skip_locked=True)).all()


def _set_role(
    session: Session, live: Membership, role: str, ends_at: datetime | None, actor_id: UUID | None
) -> None:
    before = live.role
    live.role, live.role_ends_at, live.role_given_by = role, ends_at, actor_id
    session.flush()
    if before != role:
        tell_again(session, live, actor_id)
        tell_rights(session, live, before, role, actor_id)
