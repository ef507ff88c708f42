"""Somebody who left comes back: the same person, with what they wrote and did, and with nothing that they could do."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict
from journal.tail import position_to_come
from people.accounts import identifiers
from people.accounts.employments import day_of
from people.accounts.persons import person_in
from people.accounts.records import check_days
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.models import Person
from people.permissions import VISITOR
from people.sign_in.sessions import end_sessions


class AccountOpen(Conflict):
    """Nobody returns who has not left."""

    code, title = "account_open", "This account is open"


class VisitorsDoNotReturn(Conflict):
    """Who visits again has another account."""

    code, title = "visitor_account", "Visitors come again with a new account"


class IdentifierNeeded(Conflict):
    """Others have by now what the person signed in with, and nothing else was given."""

    code, title = "identifier_needed", "What the person signed in with is taken; give another identifier"


def return_person(
    session: Session,
    actor: Actor,
    person_id: UUID,
    *,
    employed_from: date | None = None,
    employed_until: date | None = None,
    given: Sequence[dict[str, Any]] = (),
) -> Person:
    """Open a closed account again, as a member's without password, sessions and memberships.

    What the person signed in with is theirs again where nobody else has it, beside the identifiers that are `given`.
    Raises `NotFound`, `Conflict` and those above, `IdentifierTaken`, or `Invalid`.
    """
    person = person_in(session, actor.organisation_id, person_id)
    session.refresh(person, with_for_update={"key_share": True})
    if person.role == VISITOR:
        raise VisitorsDoNotReturn
    if person.ended_at is None:
        raise AccountOpen
    _sign_in_again(session, person, given)
    person.ended_at, person.role = None, "member"
    person.role_ends_at = person.role_given_by = None
    person.employed_from = employed_from or day_of(person, clock.now())
    person.employed_until = employed_until
    check_days(person, "/employed_until")
    # What the organisation heard while they were away is not unread.
    person.joined_position = position_to_come(session, person.organisation_id)
    session.flush()
    end_sessions(session, person.id, reason="account_ended", actor_id=actor.person_id)
    tell_sign_in_changed(session, person.organisation_id, person.id, "identifier", actor.person_id)
    return person


def _sign_in_again(session: Session, person: Person, given: Sequence[dict[str, Any]]) -> None:
    identifiers.take_up_again(session, person)
    for index, each in enumerate(given):
        pointer = f"/identifiers/{index}/value"
        form = identifiers.parse_in(session, person.organisation_id, each["kind"], each["value"], pointer)
        identifiers.add(session, person, form)
    if not identifiers.live_of(session, person.id):
        raise IdentifierNeeded
