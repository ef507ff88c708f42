"""Changing what somebody signs in with: by oneself with the password, or for another by an administrator."""

from uuid import UUID

from sqlalchemy.orm import Session

from people.accounts.managed import managed_account
from people.accounts.own_password import forget_code, prove
from people.accounts.persons import take_address
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.models import Person


def change_own_address(session: Session, actor: Actor, *, email: str, password: str) -> Person:
    """Take another address; raises as `prove` does, and `EmailTaken`. All sessions go on."""
    person = session.get_one(Person, actor.person_id, with_for_update={"key_share": True})
    prove(session, actor, password)
    return _change(session, person, email, actor)


def change_address(session: Session, actor: Actor, person_id: UUID, email: str) -> Person:
    """Give another person another address; raises as `managed_account` does, and `EmailTaken`."""
    return _change(session, managed_account(session, actor, person_id), email, actor)


def _change(session: Session, person: Person, email: str, actor: Actor) -> Person:
    """A code for a new password goes with the address: it may have been sent to the former one."""
    if person.email != email:
        take_address(session, person.organisation_id, email, person.id)
        person.email = email
        session.flush()
        forget_code(session, person.id)
        tell_sign_in_changed(session, person.organisation_id, person.id, "address", actor.person_id)
    return person
