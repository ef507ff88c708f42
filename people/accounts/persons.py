"""Persons: accounts of one organisation."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Invalid, NotFound
from base.text import normalised
from journal.tail import position_to_come
from people.accounts.administrators import keep_an_administrator
from people.models import Membership, Person
from people.online.last_seen import set_last_seen
from people.scopes.memberships import end_membership
from people.scopes.rights import tell_rights
from people.sign_in import passwords, throttle
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
    password: str | None,
    role: str = "member",
    locale: str = "en",
    timezone: str = "UTC",
) -> Person:
    """Open an account; raises `EmailTaken`, or `Invalid` for a weak password. Without one nobody can sign in."""
    if password is not None:
        check_password(password)
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
    if password is not None:
        hashed = passwords.hash_password(password)
        session.add(Credential(person_id=person.id, organisation_id=organisation_id, password_hash=hashed))
        session.flush()
    return person


def take_address(session: Session, organisation_id: UUID, email: str, person_id: UUID) -> None:
    """Make sure that nobody else has the address, or raise `EmailTaken`; closed accounts have given theirs up.

    Guesses at whoever had it before do not count for its new owner.
    """
    taken = select(Person.id).where(
        Person.organisation_id == organisation_id,
        func.lower(Person.email) == func.lower(email),
        Person.ended_at.is_(None),
        Person.id != person_id,
    )
    if session.scalar(taken):
        raise EmailTaken
    throttle.forget_account(session, organisation_id, email)


def check_password(password: str, pointer: str = "/password") -> None:
    """Long enough to resist guessing; length is what counts, so no rules about kinds of characters."""
    if not passwords.MIN_LENGTH <= len(normalised(password)) <= passwords.MAX_LENGTH:
        raise Invalid.at(pointer, f"From {passwords.MIN_LENGTH} to {passwords.MAX_LENGTH} characters.")


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
    for secret in (Credential, ResetCode):
        session.execute(delete(secret).where(secret.person_id == person.id))
    set_last_seen(session, person, "nobody")
    live = select(Membership).where(Membership.person_id == person.id, Membership.ended_at.is_(None))
    for membership in session.scalars(live.with_for_update()):
        end_membership(session, membership, reason="account_ended", actor_id=actor_id)
    end_sessions(session, person.id, reason="account_ended", actor_id=actor_id)
