"""Whose signing in an administrator may see to: of others, and of nobody who may do more."""

from uuid import UUID

from sqlalchemy.orm import Session

from base.errors import Conflict, Forbidden
from people.accounts.identifiers import live_of
from people.accounts.persons import person_in
from people.actor import Actor
from people.models import Person
from people.roles.outranking import check_may_enter


class OwnAccount(Forbidden):
    """One's own account is changed with its password alone, or a stolen token would be as good as that."""

    code, title = "own_account", "For your own account this takes its password"


class AccountEnded(Conflict):
    """Nobody signs in to it any more."""

    code, title = "account_ended", "This account is closed"


class NoPassword(Conflict):
    """A visitor's account from a gate has nothing to sign in with: it is open on one device, and no other."""

    code, title = "no_password", "Nobody signs in to this account with a password"


def managed_account(session: Session, actor: Actor, person_id: UUID) -> Person:
    """Another's open account, held until the transaction ends; raises `NotFound`, `Forbidden` and those above."""
    person = person_in(session, actor.organisation_id, person_id)
    if person.id == actor.person_id:
        raise OwnAccount
    check_may_enter(session, actor, person)
    session.refresh(person, with_for_update={"key_share": True})
    check_can_sign_in(session, person)
    return person


def check_can_sign_in(session: Session, person: Person) -> None:
    """Raise `AccountEnded` or `NoPassword` where nobody signs in, with a password or without one."""
    if person.ended_at is not None:
        raise AccountEnded
    if not live_of(session, person.id):
        raise NoPassword
