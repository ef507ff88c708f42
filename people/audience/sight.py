"""What a person may read on asking, and know of."""

from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    join,
    or_,
    select,
)
from sqlalchemy.orm import Session

from people.actor import Actor
from people.audience.following import following
from people.audience.rules import BEGINNING, Readable, live_membership
from people.models import Membership, Person, Scope
from people.permissions import VISITOR, Standing


def visible(session: Session, actor: Actor) -> list[Readable]:
    """All that the person may read on asking: what is followed, what is open, what is managed."""
    scopes = {
        readable.scope_id: readable for readable in following(session, actor.person_id, actor.organisation_id)
    }
    if actor.is_visitor:
        return list(scopes.values())
    for scope_id in session.scalars(_readable_on_asking(actor)):
        if scope_id not in scopes or scopes[scope_id].since_id != BEGINNING:
            scopes[scope_id] = Readable(scope_id, BEGINNING)
    return list(scopes.values())


def readable(session: Session, actor: Actor, scope_id: UUID) -> Readable | None:
    """One scope as `visible` would list it; None when the person may not read it."""
    return next((scope for scope in visible(session, actor) if scope.scope_id == scope_id), None)


def standing_by_itself(actor: Actor, kind: str, admission: str) -> Standing:
    """What a person is to a scope of which they are no member."""
    if actor.is_visitor:
        return Standing.OUTSIDER
    if kind == "organisation":
        return Standing.MEMBER
    return Standing.READER if admission == "open" else Standing.OUTSIDER


def in_sight(session: Session, actor: Actor) -> ColumnElement[bool]:
    """The condition for scopes that the actor may know of: an `assigned` one exists for its members only.

    For a visitor nothing exists but what they were let into, and the parts of it.
    """
    own = [scope.scope_id for scope in visible(session, actor)]
    shown = Scope.admission != "assigned"
    return or_(Scope.id.in_(own), and_(shown, Scope.parent_id.in_(own)) if actor.is_visitor else shown)


def lets_in(session: Session, scope_id: UUID, person_id: UUID) -> bool:
    """Whether being there is enough for this person: a visitor was let into one site, not into every one."""
    assigned = exists().where(
        Membership.person_id == person_id,
        Membership.scope_id.in_((Scope.id, Scope.parent_id)),
        Membership.source == "assigned",
        *live_membership(),
    )
    both = join(Person, Scope, Scope.organisation_id == Person.organisation_id)
    allowed = select(or_(Person.role != VISITOR, assigned)).select_from(both)
    allowed = allowed.where(Person.id == person_id, Scope.id == scope_id)
    return bool(session.scalar(allowed))


def managed_scopes(session: Session, actor: Actor) -> list[UUID]:
    """The scopes that the person manages, without their parts."""
    return list(session.scalars(_managed(actor)))


def _managed(actor: Actor) -> Select[UUID]:
    return select(Membership.scope_id).where(
        Membership.person_id == actor.person_id, Membership.role == "manager", *live_membership()
    )


def _readable_on_asking(actor: Actor) -> Select[UUID]:
    if actor.is_administrator:
        places = Scope.kind.in_(("site", "zone"))
        return select(Scope.id).where(Scope.archived_at.is_(None), or_(places, Scope.admission == "open"))
    managed = _managed(actor).scalar_subquery()
    return select(Scope.id).where(
        Scope.archived_at.is_(None),
        or_(Scope.admission == "open", Scope.id.in_(managed), Scope.parent_id.in_(managed)),
    )
