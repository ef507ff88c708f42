"""Scopes, and the one way to load one: together with the question whether the actor may."""

from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden, NotFound
from journal.catalogue import SCOPE_UPDATED
from journal.events import Event, append
from people.actor import Actor
from people.audience import ScopeInSight, sight_of
from people.models import Scope
from people.permissions import GRANTED, Permission, Standing


class NotAMember(Forbidden):
    """The scope is there, and the actor is not, or no longer, in it."""

    code, title = "not_a_member", "You are not, or no longer, a member here"


def create_scope(
    session: Session,
    organisation_id: UUID,
    scope_id: UUID,
    *,
    kind: str,
    name: str,
    admission: str,
    parent_id: UUID | None = None,
    history: str = "all",
    grace_seconds: int = 900,
) -> None:
    """Add a scope; a place's scope has the place's id."""
    session.execute(
        insert(Scope).values(
            id=scope_id,
            organisation_id=organisation_id,
            kind=kind,
            name=name,
            admission=admission,
            parent_id=parent_id,
            history=history,
            grace_seconds=grace_seconds,
        )
    )


def scope_for(session: Session, actor: Actor, scope_id: UUID, permission: Permission) -> ScopeInSight:
    """Load a scope and check the permission: NotFound out of sight, Forbidden or NotAMember in sight."""
    scope = scope_in_sight(session, actor, scope_id)
    if not scope.grants(permission):
        raise NotAMember if permission in GRANTED[Standing.MEMBER] else Forbidden
    return scope


def scope_in_sight(session: Session, actor: Actor, scope_id: UUID) -> ScopeInSight:
    """Load a scope that the actor may know of, whatever they may do there; raises `NotFound`."""
    scope = sight_of(session, actor, scope_id)
    if scope is None or scope.archived:
        raise NotFound
    hidden = actor.is_visitor or scope.admission == "assigned"
    if scope.standing is Standing.OUTSIDER and hidden and not scope.is_known:
        raise NotFound
    return scope


def refuse_absent(session: Session, actor: Actor, thing_id: UUID) -> NoReturn:
    """Raise `NotFound` for a thing that is not there, after the statement that a thing out of sight takes.

    How long an answer takes must not tell which of the two it is.
    """
    sight_of(session, actor, thing_id)
    raise NotFound


def wire_scope(scope: Scope) -> dict[str, Any]:
    """A scope as an app shows it in a list."""
    return {
        "id": str(scope.id),
        "kind": scope.kind,
        "name": scope.name,
        "parent_id": None if scope.parent_id is None else str(scope.parent_id),
        "admission": scope.admission,
        "history": scope.history,
        "read_receipts": scope.read_receipts,
    }


def edit_settings(session: Session, actor: Actor, scope_id: UUID, changes: dict[str, Any]) -> dict[str, Any]:
    """Change what is named; the caller has checked the permission. How much pushes let out is for managers alone."""
    if "read_receipts" in changes:
        set_read_receipts(session, actor, scope_id, changes["read_receipts"])
    scope = session.get_one(Scope, scope_id, with_for_update=True)
    if "push_content" in changes:
        scope.push_content = changes["push_content"]
        session.flush()
    return wire_scope(scope) | {"push_content": scope.push_content}


def set_read_receipts(session: Session, actor: Actor, scope_id: UUID, shown: bool) -> dict[str, Any]:
    """Let a scope show who has read what from now on, or not; its members are told.

    The caller has checked the permission.
    """
    scope = session.get_one(Scope, scope_id, with_for_update=True)
    if scope.read_receipts is not shown:
        scope.receipts_since = clock.now() if shown else None
        session.flush()
        event = Event(
            SCOPE_UPDATED,
            subject_id=scope.id,
            payload=wire_scope(scope),
            scope_id=scope.id,
            actor_id=actor.person_id,
        )
        append(session, actor.organisation_id, event)
    return wire_scope(scope)


def archive_scope(session: Session, scope_id: UUID) -> None:
    """Close a scope; its memberships are ended by `memberships.end_all`."""
    session.execute(update(Scope).where(Scope.id == scope_id).values(archived_at=clock.now()))


def reopen_scope(session: Session, scope_id: UUID) -> None:
    """Open an archived scope again: what was said there is there, and nobody belongs to it yet."""
    session.execute(update(Scope).where(Scope.id == scope_id).values(archived_at=None))
