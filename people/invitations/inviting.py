"""Making an invitation: a code, good for some uses and some days, that opens an account or gives one its password.

    for anybody          whoever has the code, so often
    for an identifier    whoever has that e-mail address or number
    for a person         whose account an administrator has made, and who has no password yet

What it gives is judged when it is made, by what the inviter may give, and once more when it is redeemed.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, Forbidden, Invalid, NotFound
from people.accounts.managed import managed_account
from people.actor import Actor
from people.audience import PRIVATE
from people.invitations.addressing import read_address
from people.invitations.sending import check_not_flooded
from people.invitations.wanted import Made, Wanted, made_of
from people.models import Invitation, Person, Scope
from people.permissions import ADMINISTRATOR, ORGANISATION_WIDE, VISITOR, Permission
from people.roles.giving import check_may_give
from people.scopes.scopes import scope_for
from people.sign_in.fresh import check_fresh
from people.sign_in.models import Credential


class HasPassword(Conflict):
    """Whoever has a password needs no invitation; one that was forgotten takes a code for a new one."""

    code, title = "has_password", "This person signs in already; give them a code for a new password"


def invite(session: Session, actor: Actor, wanted: Wanted) -> Made:
    """Make an invitation; raises `Invalid` for what does not go together, and `Forbidden` for what one may not give.

    With `stay_hours` it is for visitors, whom managers invite too, each to the scopes that they manage.
    """
    _check_goes_together(wanted)
    role = wanted.role if wanted.stay_hours is None else VISITOR
    check_may_invite(session, actor, role, wanted)
    for_whom, send_to = (
        None if given is None else read_address(session, actor.organisation_id, given, pointer)
        for given, pointer in ((wanted.identifier, "/identifier"), (wanted.send_to, "/send_to"))
    )
    if send_to is not None:
        check_not_flooded(session, actor, send_to)
    if wanted.person_id is not None:
        _take_back_former(session, _waits_for_password(session, actor, wanted.person_id))
    made = made_of(actor, wanted, role, for_whom, send_to)
    session.add(made.invitation)
    session.flush()
    return made


def check_may_invite(session: Session, actor: Actor, role: str, wanted: Wanted) -> None:
    """Raise `Forbidden`, or `Invalid` for scopes that there are not, unless the actor may give all that is wanted.

    To give more than a membership takes a proof of the last minutes (`StepUpRequired`).
    """
    _check_role(actor, role, wanted.scope_ids)
    if wanted.person_id is not None and not actor.may(Permission.PEOPLE_MANAGE):
        raise Forbidden
    if role == ADMINISTRATOR or wanted.roles or wanted.person_id is not None:
        check_fresh(actor)
    if not actor.is_administrator:
        for scope_id in wanted.scope_ids:
            scope_for(session, actor, scope_id, Permission.MEMBERS_MANAGE)
    known = open_to_invitations(session, wanted.scope_ids)
    for index, scope_id in enumerate(wanted.scope_ids):
        if scope_id not in known:
            raise Invalid.at(f"/scope_ids/{index}", "There is no such scope.")
    for index, given in enumerate(wanted.roles):
        if given["ends_at"] is not None and given["ends_at"] <= clock.now():
            raise Invalid.at(f"/roles/{index}/ends_at", "This is over already.")
        scope_id = given["scope_id"] or actor.organisation_id
        check_may_give(session, actor, given["role"], scope_id, given["ends_at"])


def _check_role(actor: Actor, role: str, scope_ids: Sequence[UUID]) -> None:
    """Managers invite visitors alone; whoever manages people invites those who may do no more than they."""
    if not actor.may(Permission.PEOPLE_MANAGE):
        if role != VISITOR or not scope_ids:
            raise Forbidden
    elif not ORGANISATION_WIDE[role] <= actor.organisation_wide:
        raise Forbidden


def assignable(session: Session, actor: Actor, scope_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the scopes that an invitation of the actor's may lead into."""
    known = open_to_invitations(session, scope_ids)
    return known if actor.is_administrator else {each for each in known if _manages(session, actor, each)}


def _manages(session: Session, actor: Actor, scope_id: UUID) -> bool:
    try:
        scope_for(session, actor, scope_id, Permission.MEMBERS_MANAGE)
    except (Forbidden, NotFound):
        return False
    return True


def open_to_invitations(session: Session, scope_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the scopes that an invitation may lead into: no conversation, whose id anybody can work out."""
    live = (Scope.id.in_(list(scope_ids)), Scope.archived_at.is_(None), Scope.kind.not_in(PRIVATE))
    return set(session.scalars(select(Scope.id).where(*live)))


def _check_goes_together(wanted: Wanted) -> None:
    if wanted.stay_hours is not None and wanted.role != "member":
        raise Invalid.at("/stay_hours", "Only a visitor's account closes by itself.")
    if wanted.stay_hours is not None and wanted.roles:
        raise Invalid.at("/roles", "Visitors are given no roles.")
    if wanted.uses > 1 and (wanted.identifier is not None or wanted.person_id is not None):
        raise Invalid.at("/uses", "One person needs one use.")
    if wanted.person_id is None:
        return
    for member in ("identifier", "stay_hours", "name"):
        if getattr(wanted, member) is not None:
            raise Invalid.at(f"/{member}", "The account is there already.")
    if wanted.role != "member":
        raise Invalid.at("/role", "The account is there already.")


def _waits_for_password(session: Session, actor: Actor, person_id: UUID) -> Person:
    """An account that the actor may see to and that has no password, held; raises as `managed_account`."""
    person = managed_account(session, actor, person_id)
    if session.get(Credential, person.id) is not None:
        raise HasPassword
    return person


def _take_back_former(session: Session, person: Person) -> None:
    """The newest code for an account is the only one."""
    former = update(Invitation).where(Invitation.person_id == person.id, Invitation.revoked_at.is_(None))
    session.execute(former.values(revoked_at=clock.now()))
