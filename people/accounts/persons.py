"""Persons: accounts of one organisation."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, NotFound
from journal.tail import position_to_come
from people.accounts.administrators import keep_an_administrator
from people.models import Badge, Membership, Organisation, Passkey, Person, Pin
from people.online.last_seen import set_last_seen
from people.scopes.memberships import end_membership
from people.scopes.rights import tell_rights
from people.sign_in.models import Credential, ResetCode
from people.sign_in.sessions import end_sessions


class EmailTaken(Conflict):
    """Another open account of the organisation has this address."""

    code, title = "email_taken", "There is an account with this address"


def add_person(
    session: Session,
    organisation_id: UUID,
    *,
    email: str,
    name: str,
    password_hash: str | None,
    role: str = "member",
    locale: str = "en",
    timezone: str = "UTC",
) -> Person:
    """Open an account with a password that was judged and hashed before; without one nobody can sign in to it.

    Raises `EmailTaken`.
    """
    person_id = ids.new_id()
    take_address(session, organisation_id, email, person_id)
    person = Person(
        id=person_id,
        organisation_id=organisation_id,
        email=email,
        name=name,
        role=role,
        locale=locale,
        timezone=timezone,
        joined_position=position_to_come(session, organisation_id),
    )
    session.add(person)
    session.flush()
    if password_hash is not None:
        kept = {"person_id": person.id, "organisation_id": organisation_id, "password_hash": password_hash}
        session.add(Credential(**kept))
        session.flush()
    return person


def take_address(session: Session, organisation_id: UUID, email: str, person_id: UUID) -> None:
    """Make sure that nobody else has the address, or raise `EmailTaken`; closed accounts have given theirs up."""
    taken = select(Person.id).where(
        Person.organisation_id == organisation_id,
        func.lower(Person.email) == func.lower(email),
        Person.ended_at.is_(None),
        Person.id != person_id,
    )
    if session.scalar(taken):
        raise EmailTaken


def known_words(session: Session, organisation_id: UUID, person_id: UUID | None = None) -> list[str]:
    """What everybody knows of an organisation, and of a person in it: no password may be made of that."""
    organisation = session.get_one(Organisation, organisation_id)
    person = None if person_id is None else session.get_one(Person, person_id)
    own = [] if person is None else [person.name, person.email]
    return [organisation.slug, organisation.name, *own]


def person_in(session: Session, organisation_id: UUID, person_id: UUID) -> Person:
    """One person of the organisation, or `NotFound`."""
    person = session.get(Person, person_id)
    if person is None or person.organisation_id != organisation_id:
        raise NotFound
    return person


def list_persons(
    session: Session, organisation_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Person]:
    """A page of the organisation's persons in the order of their making."""
    query = select(Person).where(Person.organisation_id == organisation_id)
    if after is not None:
        query = query.where(tuple_(Person.created_at, Person.id) > after)
    return session.scalars(query.order_by(Person.created_at, Person.id).limit(limit)).all()


def end_person(session: Session, person: Person, actor_id: UUID) -> None:
    """Close an account: memberships and sessions end at once, what the person wrote stays under their name.

    Its address is free from then on. Raises `LastAdministrator`.
    """
    keep_an_administrator(session, person)
    session.refresh(person, with_for_update={"key_share": True})
    if person.ended_at is None:
        tell_rights(session, person, person.role, None, actor_id)
    person.ended_at = person.ended_at or clock.now()
    session.flush()
    for secret in (Credential, ResetCode, Passkey, Pin, Badge):
        session.execute(delete(secret).where(secret.person_id == person.id))
    set_last_seen(session, person, "nobody")
    live = select(Membership).where(Membership.person_id == person.id, Membership.ended_at.is_(None))
    for membership in session.scalars(live.with_for_update()):
        end_membership(session, membership, reason="account_ended", actor_id=actor_id)
    end_sessions(session, person.id, reason="account_ended", actor_id=actor_id)
