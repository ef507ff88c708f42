"""An organisation keeps an administrator who can sign in: without one nobody could let anybody in again."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from base.errors import Conflict
from people.models import Organisation, Person
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
    hold_organisation(session, person.organisation_id)
    if not _another_administers(session, person.organisation_id, person.id):
        raise LastAdministrator


def hold_organisation(session: Session, organisation_id: UUID) -> None:
    """Nobody else holds the organisation until the transaction ends."""
    held = select(Organisation.id).where(Organisation.id == organisation_id)
    session.execute(held.with_for_update(key_share=True))


def _another_administers(session: Session, organisation_id: UUID, person_id: UUID) -> bool:
    another = exists().where(
        Person.organisation_id == organisation_id,
        Person.role == ADMINISTRATOR,
        Person.ended_at.is_(None),
        Person.ends_at.is_(None),
        Person.employed_until.is_(None),
        Person.id != person_id,
        Credential.person_id == Person.id,
    )
    return bool(session.scalar(select(another)))
