"""Invitations: a code, good for some uses and some days, that opens an account and assigns it to scopes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import Database, again_if_it_gave_way, enter_organisation
from base.errors import Forbidden, Invalid
from base.work import hashing
from people.accounts.persons import add_person, known_words
from people.accounts.visitors import limit_stay
from people.actor import Actor
from people.audience import PRIVATE
from people.models import Invitation, Person, Scope
from people.permissions import VISITOR, Permission
from people.scopes.memberships import assign
from people.scopes.rights import tell_rights
from people.scopes.scopes import scope_for
from people.sign_in import throttle
from people.sign_in.codes import as_made, new_code
from people.sign_in.passwords import hash_password
from people.sign_in.strength import check_password
from people.sign_in.throttle import Door
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
    known = _open_to_invitations(session, scope_ids)
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


def _open_to_invitations(session: Session, scope_ids: list[UUID]) -> set[UUID]:
    """Those of the scopes that an invitation may lead into: no conversation, whose id anybody can work out."""
    live = (Scope.id.in_(scope_ids), Scope.archived_at.is_(None), Scope.kind.not_in(PRIVATE))
    return set(session.scalars(select(Scope.id).where(*live)))


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


@dataclass(frozen=True)
class Opening:
    """What is to become an account: a code that was good when it was looked at, and the hash of the password."""

    code_digest: bytes
    organisation_id: UUID
    password_hash: str


def prove_invitation(
    database: Database, code: str, account: dict[str, Any], password: str, address: str | None
) -> Opening:
    """Check a code that came from a network address, and hash the new account's password.

    Raises `InvitationRefused`, `TooManyGuesses`, `Busy`, or `Invalid` for a weak password.
    """
    code_digest = digest(as_made(code))
    with hashing.place(throttle.home_network(address)) as run:
        words = again_if_it_gave_way(lambda: _counted(database, code_digest, address))
        if words is None:
            raise InvitationRefused
        organisation_id, known = words
        check_password(password, own=(*known, account["name"], account["email"]))
        return Opening(code_digest, organisation_id, hash_password(password, run))


def _counted(database: Database, code_digest: bytes, address: str | None) -> tuple[UUID, list[str]] | None:
    """The organisation of a good code, and what is known of that; a wrong one is counted."""
    with database.transaction() as session:
        counted = throttle.count(
            session, Door.INVITATION, throttle.of_strangers(Door.INVITATION, None, address)
        )
        invitation = _good(session, code_digest, held=False)
        if invitation is None:
            return None
        throttle.take_back(session, counted)
        organisation_id = invitation.organisation_id
        return organisation_id, known_words(session, organisation_id)


def _good(session: Session, code_digest: bytes, *, held: bool) -> Invitation | None:
    """The invitation of a code, in its organisation, if it is still good."""
    organisation_id = session.scalar(
        text("SELECT organisation_of_invitation(:digest)"), {"digest": code_digest}
    )
    if organisation_id is None:
        return None
    enter_organisation(session, organisation_id)
    asked = select(Invitation).where(Invitation.code_digest == code_digest)
    invitation = session.scalars(asked.with_for_update() if held else asked).one()
    good = invitation.uses_left > 0 and invitation.expires_at > clock.now()
    return invitation if good else None


def accept(session: Session, opening: Opening, account: dict[str, Any]) -> Person:
    """Open the account that the code allows; raises `InvitationRefused` or `EmailTaken`."""
    invitation = _good(session, opening.code_digest, held=True)
    if invitation is None:
        raise InvitationRefused
    invitation.uses_left -= 1
    person = add_person(
        session,
        opening.organisation_id,
        role=invitation.role,
        password_hash=opening.password_hash,
        **account,
    )
    tell_rights(session, person, None, person.role, invitation.created_by)
    scopes = sorted(_open_to_invitations(session, invitation.scope_ids))
    if invitation.stay_hours is not None:
        limit_stay(session, person, scopes, clock.now() + timedelta(hours=invitation.stay_hours))
        return person
    for scope_id in scopes:
        assign(session, scope_id, person.id, "member", invitation.created_by or person.id)
    return person
