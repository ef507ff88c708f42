"""Changing what somebody signs in with: by oneself with the password, or for another by an administrator."""

from uuid import UUID

from sqlalchemy.orm import Session

from people.accounts.managed import managed_account
from people.accounts.own_password import forget_code, hold_proven
from people.accounts.persons import take_address
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.models import Person
from people.sign_in.signing_in import Proof


def change_own_address(session: Session, actor: Actor, *, email: str, proof: Proof) -> Person:
    """Take another address with the password; raises as `hold_proven` does, and `EmailTaken`. All sessions go on."""
    person = session.get_one(Person, actor.person_id, with_for_update={"key_share": True})
    hold_proven(session, proof)
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
