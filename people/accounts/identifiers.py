"""What people sign in with, as rows: added, verified, ended, and taken up again when somebody returns.

Who may, and what has to be told of it, is for the callers (`people/accounts/addresses.py`), who hold the person's row:
so that two at once do not add more than somebody may have, nor take the last two away.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, NotFound
from people.models import Identifier, Organisation, Person
from people.sign_in.forms import EMAIL, EMPLOYEE_NUMBER, USERNAME, Form, country_in, parse, read

MOST = 10
"""So many may somebody have."""
_ONE_EACH = frozenset({EMPLOYEE_NUMBER, USERNAME})


class IdentifierTaken(Conflict):
    """Somebody else of the organisation signs in with it."""

    code, title = "identifier_taken", "Somebody signs in with this already"


class EmailTaken(IdentifierTaken):
    """Another open account of the organisation has this address."""

    code, title = "email_taken", "There is an account with this address"


class TooManyIdentifiers(Conflict):
    """One employee number, one user name, and ten of all kinds are what somebody may have."""

    code, title = "too_many_identifiers", "End another one first"


class LastIdentifier(Conflict):
    """Without it nobody could sign in to the account."""

    code, title = "last_identifier", "Nobody could sign in any more; add another one first"


def country_of(session: Session, organisation_id: UUID) -> str:
    """Where the organisation's telephone numbers are of."""
    return country_in(session.get_one(Organisation, organisation_id).settings)


def parse_in(
    session: Session, organisation_id: UUID, kind: str, written: str, pointer: str = "/value"
) -> Form:
    """Judge an identifier as the organisation reads it; raises `Invalid` at `pointer`."""
    return parse(kind, written, country_of(session, organisation_id), pointer)


def add(session: Session, person: Person, form: Form) -> Identifier:
    """Give somebody an identifier, which is not verified yet; one that is theirs already is answered as it is.

    Raises `IdentifierTaken` or `TooManyIdentifiers`.
    """
    check_free(session, person.organisation_id, form, person.id)
    own = live_of(session, person.id)
    same = next((each for each in own if (each.kind, each.value) == (form.kind, form.value)), None)
    if same is not None:
        return same
    if any(each.value == form.value for each in own):
        raise IdentifierTaken
    if len(own) >= MOST or (form.kind in _ONE_EACH and any(each.kind == form.kind for each in own)):
        raise TooManyIdentifiers
    return _keep(session, person, form)


def check_free(session: Session, organisation_id: UUID, form: Form, person_id: UUID) -> None:
    """Raise `IdentifierTaken`, or `EmailTaken`, where somebody else signs in with it."""
    taken = select(Identifier.id).where(
        Identifier.organisation_id == organisation_id,
        Identifier.value == form.value,
        Identifier.ended_at.is_(None),
        Identifier.person_id != person_id,
    )
    if session.scalar(taken):
        raise EmailTaken if form.kind == EMAIL else IdentifierTaken


def end(session: Session, person: Person, identifier: Identifier) -> None:
    """Take an identifier away; somebody else may have it from now on."""
    identifier.ended_at = clock.now()
    session.flush()
    _show_address(session, person)


def end_all(session: Session, person: Person) -> None:
    """The account closes: all that somebody signs in with is free; what was shown of it stays shown."""
    own = update(Identifier).where(Identifier.person_id == person.id, Identifier.ended_at.is_(None))
    session.execute(own.values(ended_at=person.ended_at))


def take_up_again(session: Session, person: Person) -> None:
    """Somebody returns: what they signed in with to the last is theirs again, as far as nobody else has it.

    None of it is verified: an address or a number may be somebody else's by now.
    """
    former = select(Identifier).where(
        Identifier.person_id == person.id, Identifier.ended_at == person.ended_at
    )
    for each in session.scalars(former.order_by(Identifier.created_at, Identifier.id)).all():
        form = Form(each.kind, each.value, each.written)
        try:
            check_free(session, person.organisation_id, form, person.id)
        except IdentifierTaken:
            continue
        _keep(session, person, form)
    _show_address(session, person)


def verify(session: Session, identifier: Identifier) -> None:
    """Note that the person showed that it reaches them."""
    identifier.verified_at = clock.now()
    session.flush()


def live_of(session: Session, person_id: UUID) -> Sequence[Identifier]:
    """What somebody signs in with, the oldest first."""
    own = select(Identifier).where(Identifier.person_id == person_id, Identifier.ended_at.is_(None))
    return session.scalars(own.order_by(Identifier.created_at, Identifier.id)).all()


def live_in(session: Session, person_id: UUID, identifier_id: UUID) -> Identifier:
    """One of them, or `NotFound`."""
    identifier = session.get(Identifier, identifier_id)
    if identifier is None or identifier.person_id != person_id or identifier.ended_at is not None:
        raise NotFound
    return identifier


def employee_number_of(session: Session, person_id: UUID) -> Identifier | None:
    """The number that the employer gave somebody."""
    return next((each for each in live_of(session, person_id) if each.kind == EMPLOYEE_NUMBER), None)


def find(session: Session, organisation: Organisation, typed: str) -> UUID | None:
    """Who signs in with what somebody typed, for whoever may see all of the organisation."""
    value = read(typed, country_in(organisation.settings))
    known = (Identifier.organisation_id == organisation.id, Identifier.value == value)
    return session.scalar(select(Identifier.person_id).where(*known, Identifier.ended_at.is_(None)))


def _keep(session: Session, person: Person, form: Form) -> Identifier:
    identifier = Identifier(
        id=ids.new_id(),
        organisation_id=person.organisation_id,
        person_id=person.id,
        kind=form.kind,
        value=form.value,
        written=form.written,
        created_at=clock.now(),
    )
    session.add(identifier)
    session.flush()
    if form.kind == EMAIL and person.email is None:
        person.email = form.value
        session.flush()
    return identifier


def _show_address(session: Session, person: Person) -> None:
    """The address that is shown is the oldest of those that there are."""
    addresses = (each.value for each in live_of(session, person.id) if each.kind == EMAIL)
    person.email = next(addresses, None)
    session.flush()
