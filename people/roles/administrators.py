"""An organisation keeps an administrator who can sign in: without one nobody could let anybody in again.

So that time takes none away either, one is kept who has no end: whose account or role ends by itself does not count.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from base.errors import Conflict
from people.models import Organisation, Person
from people.permissions import ADMINISTRATOR
from people.scopes.rights import tell_rights
from people.sign_in.models import Credential


class LastAdministrator(Conflict):
    """What was asked for would leave the organisation without an administrator."""

    code, title = "last_administrator", "An organisation keeps an administrator; make another one first"


def keep_an_administrator(session: Session, person: Person) -> None:
    """Raise `LastAdministrator` where nobody but the person administers the organisation and can sign in.

    To be called before whatever takes an administrator away, now or at a set time. The organisation is held until the
    transaction ends: of two administrators who end one another at once, the second one finds out.
    """
    if person.role != ADMINISTRATOR or person.ended_at is not None:
        return
    hold_organisation(session, person.organisation_id)
    if not _another_administers(session, person.organisation_id, person.id):
        raise LastAdministrator


def hold_organisation(session: Session, organisation_id: UUID) -> None:
    """Let one at a time change who administers it, or which roles it has. Persons are held after it, not before."""
    held = select(Organisation.id).where(Organisation.id == organisation_id)
    session.execute(held.with_for_update(key_share=True))


def make_administrator(
    session: Session, person: Person, ends_at: datetime | None, actor_id: UUID | None
) -> Person:
    """Let a member administer the organisation, or an administrator do so until another time; None: for good."""
    if ends_at is not None:
        keep_an_administrator(session, person)
    before = person.role
    person.role, person.role_ends_at, person.role_given_by = ADMINISTRATOR, ends_at, actor_id
    session.flush()
    tell_rights(session, person, before, ADMINISTRATOR, actor_id)
    return person


def make_member(session: Session, person: Person, actor_id: UUID | None) -> None:
    """Take an administrator's role away; raises `LastAdministrator`. They stay, as a member."""
    keep_an_administrator(session, person)
    demote(session, person, actor_id)


def demote(session: Session, person: Person, actor_id: UUID | None) -> None:
    """The same for one without whom another is kept: their time as an administrator is over."""
    person.role, person.role_ends_at, person.role_given_by = "member", None, actor_id
    session.flush()
    tell_rights(session, person, ADMINISTRATOR, "member", actor_id)


def _another_administers(session: Session, organisation_id: UUID, person_id: UUID) -> bool:
    another = exists().where(
        Person.organisation_id == organisation_id,
        Person.role == ADMINISTRATOR,
        Person.ended_at.is_(None),
        Person.ends_at.is_(None),
        Person.role_ends_at.is_(None),
        Person.id != person_id,
        Credential.person_id == Person.id,
    )
    return bool(session.scalar(select(another)))
