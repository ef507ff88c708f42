"""Giving the code that came by mail, in two halves, as redeeming an invitation does.

prove_registration    a transaction counts the try and compares the code; the password is hashed after it
confirm               another one opens the account, or has it wait for an administrator

The code is good once, for ten minutes, five tries, and the installation that asked for it. Whatever is wrong with it is
refused alike, and takes the same statements.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, text, update
from sqlalchemy.orm import Session

from base import clock
from base.database import Database, again_if_it_gave_way, enter_organisation
from base.errors import Invalid
from base.work import hashing
from people.accounts import identifiers
from people.accounts.persons import add_person, known_words
from people.models import Identifier, Organisation, Person
from people.registration.answering import about
from people.registration.models import Registration
from people.registration.rules import mailbox_of, rules_of
from people.registration.telling import tell_registration
from people.sign_in import throttle
from people.sign_in.forms import EMAIL, Form
from people.sign_in.passwords import hash_password
from people.sign_in.short_codes import CodeKeys
from people.sign_in.strength import check_password
from people.sign_in.throttle import Door

_CANDIDATE = text(
    "SELECT organisation_id, registration_id FROM registration_candidate(:slug, :email, :installation, :at)"
)
_NOBODY = UUID(int=0)


class RegistrationRefused(Invalid):
    """Wrong organisation, address, code or phone, or a code that is over; which of them is not told."""

    code = "registration_refused"
    title = "The organisation, address or code is not right, or the code is no longer good"


@dataclass(frozen=True)
class Confirmation:
    """A code that was right, and the hash of the password, if one was chosen."""

    organisation_id: UUID
    registration_id: UUID
    code_digest: bytes
    password_hash: str | None


def prove_registration(
    database: Database,
    keys: CodeKeys,
    *,
    organisation: str,
    email: str,
    code: str,
    password: str | None,
    installation_id: str,
    address: str | None,
) -> Confirmation:
    """Check a code that came from a network address, and hash the password that goes with it.

    Raises `RegistrationRefused`, `TooManyGuesses`, `Busy`, or `Invalid` for a weak password: the code stays good.
    """
    if password is not None:
        check_password(password, own=(organisation, email))
    mailbox = mailbox_of(email)
    given = _Given(organisation, email if mailbox is None else mailbox.email, code, password, installation_id)
    with hashing.place(throttle.home_network(address)) as run:
        found = again_if_it_gave_way(lambda: _counted(database, keys, given, address))
        if found is None or found.code_digest is None:
            raise RegistrationRefused
        hashed = None if password is None else hash_password(password, run)
    return Confirmation(found.organisation_id, found.id, found.code_digest, hashed)


@dataclass(frozen=True)
class _Given:
    organisation: str
    email: str
    code: str
    password: str | None
    installation_id: str


def _counted(database: Database, keys: CodeKeys, given: _Given, address: str | None) -> Registration | None:
    """The registration whose code it is, once the try is counted."""
    with database.transaction() as session:
        key = f"confirming\n{given.organisation}\n{given.email}"
        at = throttle.of_strangers(Door.ONE_TIME_CODE, key, address)
        counted = throttle.count(session, Door.ONE_TIME_CODE, at)
        asked = _tried(session, given)
        kept = None if asked is None else asked.code_digest
        named = str(_NOBODY) if asked is None else about(asked)
        if not keys.matches(kept or bytes(32), named, given.code) or asked is None or kept is None:
            return None
        if given.password is not None:
            own = (*known_words(session, asked.organisation_id), asked.name)
            check_password(given.password, own=own)
        throttle.take_back(session, counted)
        return asked


def _tried(session: Session, given: _Given) -> Registration | None:
    """The registration that is meant, with one try less; as much is asked where there is none."""
    at = clock.now()
    asked = {
        "slug": given.organisation,
        "email": given.email,
        "installation": given.installation_id,
        "at": at,
    }
    candidate = session.execute(_CANDIDATE, asked).one()
    enter_organisation(session, candidate.organisation_id)
    tried = (
        update(Registration)
        .where(Registration.id == (candidate.registration_id or _NOBODY), Registration.tries_left > 0)
        .values(tries_left=Registration.tries_left - 1)
        .returning(Registration)
    )
    return session.scalars(tried).one_or_none()


def confirm(session: Session, confirmation: Confirmation) -> Person | None:
    """Open the account, or (None) have it wait for an administrator.

    Raises `RegistrationRefused` where somebody was quicker or the organisation closed this door, and `EmailTaken`.
    """
    enter_organisation(session, confirmation.organisation_id)
    registration = session.get(Registration, confirmation.registration_id, with_for_update=True)
    if registration is None or registration.code_digest != confirmation.code_digest:
        raise RegistrationRefused
    organisation = session.get_one(Organisation, registration.organisation_id)
    rules, mailbox = rules_of(organisation.settings), mailbox_of(registration.email)
    if mailbox is None or mailbox.domain not in rules.domains:
        raise RegistrationRefused
    identifiers.check_free(session, registration.organisation_id, _form(registration), _NOBODY)
    registration.code_digest, registration.confirmed_at = None, clock.now()
    registration.password_hash = confirmation.password_hash
    if rules.approval or _came_before(session, registration):
        _wait(session, registration)
        return None
    return open_account(session, registration, "opened")


def open_account(session: Session, registration: Registration, state: str) -> Person:
    """The account of a confirmed registration, with its address verified; raises `EmailTaken`."""
    person = add_person(
        session,
        registration.organisation_id,
        forms=[_form(registration)],
        name=registration.name,
        locale=registration.locale,
        timezone=registration.timezone,
        password_hash=registration.password_hash,
    )
    for identifier in identifiers.live_of(session, person.id):
        identifiers.verify(session, identifier)
    registration.state, registration.person_id, registration.password_hash = state, person.id, None
    session.flush()
    return person


def _form(registration: Registration) -> Form:
    return Form(EMAIL, registration.email, registration.email)


def _came_before(session: Session, registration: Registration) -> bool:
    """Whether the mailbox has an account, or had one: who was shown out does not come back by this door alone."""
    own = (registration.email, registration.mailbox)
    known = or_(
        *(
            exists().where(
                Identifier.organisation_id == registration.organisation_id,
                Identifier.value.in_(own),
                ended,
            )
            for ended in (Identifier.ended_at.is_(None), Identifier.ended_at.is_not(None))
        ),
        exists().where(
            Registration.organisation_id == registration.organisation_id,
            Registration.mailbox == registration.mailbox,
            Registration.person_id.is_not(None),
        ),
    )
    return bool(session.scalar(select(known)))


def _wait(session: Session, registration: Registration) -> None:
    """The newest takes the place of what the same person asked for before."""
    former = delete(Registration).where(
        Registration.organisation_id == registration.organisation_id,
        Registration.email == registration.email,
        Registration.state == "awaiting",
    )
    session.execute(former)
    registration.state = "awaiting"
    session.flush()
    tell_registration(session, registration, None)
