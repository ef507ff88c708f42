"""What an invitation is for, or sent to: an e-mail address or a telephone number, as the organisation reads it."""

from uuid import UUID

from sqlalchemy.orm import Session

from people.accounts.identifiers import country_of as country_in_organisation
from people.sign_in.forms import EMAIL, PHONE, Form, parse


def read_address(session: Session, organisation_id: UUID, written: str, pointer: str) -> Form:
    """Judge an address or number that somebody wrote; raises `Invalid` at `pointer`."""
    return form_of(written, country_in_organisation(session, organisation_id), pointer)


def form_of(written: str, country: str, pointer: str) -> Form:
    """The same, where the country of the organisation's numbers is known."""
    return parse(EMAIL if "@" in written else PHONE, written, country, pointer)
