"""An organisation keeps an administrator who can sign in: without one nobody could let anybody in again."""

from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from base.errors import Conflict
from people.models import Organisation, Passkey, Person
from people.permissions import ADMINISTRATOR
from people.sign_in.models import Credential


class LastAdministrator(Conflict):
    """What was asked for would leave the organisation without an administrator."""

    code, title = "last_administrator", "An organisation keeps an administrator; make another one first"


def keep_an_administrator(session: Session, person: Person) -> None:
    """Raise `LastAdministrator` where nobody but the person administers the organisation and can sign in.

    To be called before whatever takes an administrator away. The organisation is held until the transaction ends: of
    two administrators who end one another at once, the second one finds out.
    """
    if person.role != ADMINISTRATOR or person.ended_at is not None:
        return
    held = select(Organisation.id).where(Organisation.id == person.organisation_id)
    session.execute(held.with_for_update(key_share=True))
    if not _another_administers(session, person.organisation_id, person.id):
        raise LastAdministrator


def _another_administers(session: Session, organisation_id: UUID, person_id: UUID) -> bool:
    password = exists().where(Credential.person_id == Person.id)
    passkey = exists().where(Passkey.person_id == Person.id, Passkey.held_at.is_(None))
    another = exists().where(
        Person.organisation_id == organisation_id,
        Person.role == ADMINISTRATOR,
        Person.ended_at.is_(None),
        Person.ends_at.is_(None),
        Person.id != person_id,
        or_(password, passkey),
    )
    return bool(session.scalar(select(another)))
