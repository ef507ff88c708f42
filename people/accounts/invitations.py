"""Invitations: a code, good for some uses and some days, that opens an account and assigns it to scopes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import enter_organisation
from base.errors import Forbidden, Invalid
from people.accounts.persons import add_person
from people.accounts.visitors import limit_stay
from people.actor import Actor
from people.models import Invitation, Person, Scope
from people.permissions import VISITOR, Permission
from people.scopes.memberships import assign
from people.scopes.rights import tell_rights
from people.scopes.scopes import scope_for
from people.sign_in.codes import as_made, new_code
from people.sign_in.tokens import digest


class InvitationRefused(Invalid):
    """Unknown, used up or expired; which of them is not told."""

    code, title = "invitation_refused", "This invitation code is not, or no longer, good"


def wire_invitation(invitation: Invitation, code: str | None = None) -> dict[str, Any]:
    """An invitation as administrators see it; the code is shown once, when it is made."""
    return {
        "id": str(invitation.id),
        "code": code,
        "role": invitation.role,
        "scope_ids": [str(scope_id) for scope_id in invitation.scope_ids],
        "uses_left": invitation.uses_left,
        "stay_hours": invitation.stay_hours,
        "expires_at": clock.wire(invitation.expires_at),
        "created_at": clock.wire(invitation.created_at),
    }


def invite(
    session: Session,
    actor: Actor,
    *,
    role: str,
    scope_ids: list[UUID],
    uses: int,
    days: int,
    stay_hours: int | None = None,
) -> tuple[Invitation, str]:
    """Make a code; raises `Invalid` for scopes that the organisation does not have.

    With `stay_hours` it is for visitors, whom managers invite too, each to the scopes that they manage.
    """
    if stay_hours is not None:
        role = _visitors_role(role)
    _check_may_invite(session, actor, role, scope_ids)
    known = set(session.scalars(select(Scope.id).where(Scope.id.in_(scope_ids), Scope.archived_at.is_(None))))
    for index, scope_id in enumerate(scope_ids):
        if scope_id not in known:
            raise Invalid.at(f"/scope_ids/{index}", "There is no such scope.")
    code = new_code()
    invitation = Invitation(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        code_digest=digest(code),
        role=role,
        scope_ids=scope_ids,
        uses_left=uses,
        stay_hours=stay_hours,
        expires_at=clock.now() + timedelta(days=days),
        created_by=actor.person_id,
        created_at=clock.now(),
    )
    session.add(invitation)
    session.flush()
    return invitation, code


def _visitors_role(role: str) -> str:
    if role != "member":
        raise Invalid.at("/stay_hours", "Only a visitor's account closes by itself.")
    return VISITOR


def _check_may_invite(session: Session, actor: Actor, role: str, scope_ids: list[UUID]) -> None:
    if actor.is_administrator:
        return
    if role != VISITOR or not scope_ids:
        raise Forbidden
    for scope_id in scope_ids:
        scope_for(session, actor, scope_id, Permission.MEMBERS_MANAGE)


def accept(session: Session, code: str, account: dict[str, Any]) -> Person:
    """Open the account that the code allows; raises `InvitationRefused` or `EmailTaken`."""
    code = as_made(code)
    organisation_id = session.scalar(
        text("SELECT organisation_of_invitation(:digest)"), {"digest": digest(code)}
    )
    if organisation_id is None:
        raise InvitationRefused
    enter_organisation(session, organisation_id)
    invitation = session.scalars(
        select(Invitation).where(Invitation.code_digest == digest(code)).with_for_update()
    ).one()
    if invitation.uses_left < 1 or invitation.expires_at <= clock.now():
        raise InvitationRefused
    invitation.uses_left -= 1
    person = add_person(session, organisation_id, role=invitation.role, **account)
    tell_rights(session, person, None, person.role, invitation.created_by)
    live = select(Scope.id).where(Scope.id.in_(invitation.scope_ids), Scope.archived_at.is_(None))
    scopes = list(session.scalars(live))
    if invitation.stay_hours is not None:
        limit_stay(session, person, scopes, clock.now() + timedelta(hours=invitation.stay_hours))
        return person
    for scope_id in scopes:
        assign(session, scope_id, person.id, "member", invitation.created_by or person.id)
    return person
