"""Persons: accounts of one organisation."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from base import clock, ids
from base.errors import NotFound
from journal.tail import position_to_come
from people.accounts import employments, identifiers
from people.models import Badge, Identifier, Invitation, Membership, Organisation, Passkey, Person, Pin
from people.online.last_seen import set_last_seen
from people.permissions import SERVICE
from people.roles.administrators import keep_an_administrator
from people.roles.ending import end_grants_of
from people.scopes.memberships import end_membership
from people.scopes.rights import tell_rights
from people.sign_in.forms import EMAIL, Form, beginnings
from people.sign_in.models import Credential, OneTimeCode, ResetCode
from people.sign_in.second_factors import forget_second_factors
from people.sign_in.sessions import end_sessions


def add_person(
    session: Session,
    organisation_id: UUID,
    *,
    name: str,
    password_hash: str | None,
    email: str | None = None,
    forms: Sequence[Form] = (),
    role: str = "member",
    locale: str = "en",
    timezone: str = "UTC",
) -> Person:
    """Open an account, with what its person signs in with: an address, other identifiers, or nothing, as visitors do.

    The password was judged and hashed before; without one its person comes in by other ways. Raises `IdentifierTaken`.
    """
    person = Person(
        id=ids.new_id(),
        organisation_id=organisation_id,
        name=name,
        role=role,
        locale=locale,
        timezone=timezone,
        joined_position=position_to_come(session, organisation_id),
    )
    session.add(person)
    session.flush()
    if email is not None:
        forms = (Form(EMAIL, email, email), *forms)
    for form in forms:
        identifiers.add(session, person, form)
    if password_hash is not None:
        kept = {"person_id": person.id, "organisation_id": organisation_id, "password_hash": password_hash}
        session.add(Credential(**kept))
        session.flush()
    return person


def known_words(session: Session, organisation_id: UUID, person_id: UUID | None = None) -> list[str]:
    """What everybody knows of an organisation, and of a person in it: no password may be made of that."""
    organisation = session.get_one(Organisation, organisation_id)
    person = None if person_id is None else session.get_one(Person, person_id)
    own = [] if person is None else _own_words(session, person)
    return [organisation.slug, organisation.name, *own]


def _own_words(session: Session, person: Person) -> list[str]:
    named = (person.name, person.given_name, person.family_name)
    signs_in_with = (
        form for each in identifiers.live_of(session, person.id) for form in (each.value, each.written)
    )
    return [word for word in (*named, *signs_in_with) if word]


def person_in(session: Session, organisation_id: UUID, person_id: UUID) -> Person:
    """One person of the organisation, or `NotFound`: a service is none."""
    person = account_in(session, organisation_id, person_id)
    if person.role == SERVICE:
        raise NotFound
    return person


def names_of(session: Session, organisation_id: UUID, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of persons and services, of those that the organisation has."""
    asked = (Person.organisation_id == organisation_id, Person.id.in_(account_ids))
    return {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(*asked))}


def account_in(session: Session, organisation_id: UUID, account_id: UUID) -> Person:
    """One person or service of the organisation, or `NotFound`."""
    account = session.get(Person, account_id)
    if account is None or account.organisation_id != organisation_id:
        raise NotFound
    return account


def list_persons(
    session: Session,
    organisation_id: UUID,
    after: tuple[datetime, UUID] | None,
    limit: int,
    *,
    q: str | None = None,
    state: str = "all",
) -> Sequence[Person]:
    """A page of the organisation's persons in the order of their making; services are none.

    `q`: with what their name, or something that they sign in with, begins; `state`: open, ended or all of them.
    """
    query = select(Person).where(Person.organisation_id == organisation_id, Person.role != SERVICE)
    if state != "all":
        query = query.where(Person.ended_at.is_(None) if state == "open" else Person.ended_at.is_not(None))
    if q is not None:
        query = query.where(_begins_with(session, organisation_id, q))
    if after is not None:
        query = query.where(tuple_(Person.created_at, Person.id) > after)
    return session.scalars(query.order_by(Person.created_at, Person.id).limit(limit)).all()


def _begins_with(session: Session, organisation_id: UUID, q: str) -> ColumnElement[bool]:
    """Of closed accounts, what they signed in with to the last counts, too."""
    forms = beginnings(q, identifiers.country_of(session, organisation_id))
    owner = aliased(Person)
    # Of all at once, and not of each person by itself: PostgreSQL looks once at what there is.
    known = (
        select(Identifier.person_id)
        .join(owner, owner.id == Identifier.person_id)
        .where(
            Identifier.organisation_id == organisation_id,
            or_(Identifier.ended_at.is_(None), Identifier.ended_at == owner.ended_at),
            or_(*(func.starts_with(Identifier.value, form) for form in forms)),
        )
    )
    return or_(func.starts_with(func.lower(Person.name), func.lower(q)), Person.id.in_(known))


def end_person(
    session: Session, person: Person, actor_id: UUID, reason: str = employments.ACCOUNT_CLOSED
) -> None:
    """Close an account: memberships and sessions end at once, what the person wrote stays under their name.

    Its identifiers are free from then on. Raises `LastAdministrator`.
    """
    keep_an_administrator(session, person)
    session.refresh(person, with_for_update={"key_share": True})
    if person.ended_at is None:
        tell_rights(session, person, person.role, None, actor_id)
        person.ended_at = clock.now()
        employments.note_end(session, person, reason)
        identifiers.end_all(session, person)
    session.flush()
    for secret in (Credential, ResetCode, OneTimeCode, Passkey, Pin, Badge):
        session.execute(delete(secret).where(secret.person_id == person.id))
    for_them = update(Invitation).where(Invitation.person_id == person.id, Invitation.revoked_at.is_(None))
    session.execute(for_them.values(revoked_at=clock.now()))
    end_grants_of(session, person.id, actor_id)
    forget_second_factors(session, person.id)
    set_last_seen(session, person, "nobody")
    live = select(Membership).where(Membership.person_id == person.id, Membership.ended_at.is_(None))
    for membership in session.scalars(live.with_for_update()):
        end_membership(session, membership, reason="account_ended", actor_id=actor_id)
    end_sessions(session, person.id, reason="account_ended", actor_id=actor_id)
