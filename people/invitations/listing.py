"""Invitations as those who make them see them: administrators all of their organisation, managers their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.orm import Session

from base import clock
from base.errors import NotFound
from people.actor import Actor
from people.invitations.wanted import Made
from people.models import Invitation
from people.permissions import Permission

_KEPT = timedelta(days=90)


def wire_invitation(invitation: Invitation) -> dict[str, Any]:
    """An invitation as its makers see it. Its code, link and picture are told once (`wire_made`)."""
    return {
        "id": str(invitation.id),
        "code": None,
        "link": None,
        "qr": None,
        "state": state_of(invitation),
        "role": invitation.role,
        "scope_ids": [str(scope_id) for scope_id in invitation.scope_ids],
        "roles": invitation.roles,
        "name": invitation.name,
        "identifier": invitation.identifier,
        "sent_to": invitation.sent_to,
        "person_id": None if invitation.person_id is None else str(invitation.person_id),
        "uses_left": invitation.uses_left,
        "used": invitation.used,
        "stay_hours": invitation.stay_hours,
        "expires_at": clock.wire(invitation.expires_at),
        "created_by": None if invitation.created_by is None else str(invitation.created_by),
        "created_at": clock.wire(invitation.created_at),
    }


def wire_made(made: Made, link: str | None, qr: str | None) -> dict[str, Any]:
    """The same, with what is told once; nothing of it where the code was sent."""
    told = {"code": made.code, "link": link, "qr": qr}
    return wire_invitation(made.invitation) | (told if made.send_to is None else {})


def noted(invitation: Invitation) -> dict[str, Any]:
    """What the audit log keeps of an invitation."""
    named = ("id", "state", "role", "scope_ids", "roles", "person_id", "uses_left", "expires_at")
    wired = wire_invitation(invitation)
    return {name: wired[name] for name in named}


def state_of(invitation: Invitation) -> str:
    """Whether it is still good, and why not."""
    if invitation.revoked_at is not None:
        return "revoked"
    if invitation.uses_left < 1:
        return "used_up"
    return "open" if invitation.expires_at > clock.now() else "expired"


def list_invitations(
    session: Session, actor: Actor, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Invitation]:
    """A page of those that the actor oversees, the newest first."""
    query = select(Invitation).where(_overseen(actor))
    if before is not None:
        query = query.where(tuple_(Invitation.created_at, Invitation.id) < before)
    return session.scalars(
        query.order_by(Invitation.created_at.desc(), Invitation.id.desc()).limit(limit)
    ).all()


def invitation_for(session: Session, actor: Actor, invitation_id: UUID, *, held: bool = False) -> Invitation:
    """One that the actor oversees, or `NotFound`."""
    query = select(Invitation).where(Invitation.id == invitation_id, _overseen(actor))
    found = session.scalars(query.with_for_update() if held else query).one_or_none()
    if found is None:
        raise NotFound
    return found


def revoke(session: Session, invitation: Invitation) -> None:
    """Make a held invitation worthless. Who came in by it stays."""
    invitation.revoked_at = invitation.revoked_at or clock.now()
    session.flush()


def forget_old_invitations(session: Session) -> None:
    """Delete those that have been over for a season: whom they were for is nobody's business any more."""
    session.execute(delete(Invitation).where(Invitation.expires_at <= clock.now() - _KEPT))


def _overseen(actor: Actor) -> ColumnElement[bool]:
    if actor.may(Permission.PEOPLE_MANAGE):
        return Invitation.organisation_id == actor.organisation_id
    return Invitation.created_by == actor.person_id
