"""Changing what somebody signs in with: by oneself, or for another by an administrator.

Whatever is taken away takes a code for a new password with it, which may have been given to whoever had it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from people.accounts import identifiers
from people.accounts.identifiers import LastIdentifier
from people.accounts.managed import managed_account
from people.accounts.own_password import forget_code, hold_proven
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.models import Identifier, Person
from people.sign_in.forms import EMAIL
from people.sign_in.signing_in import Proof


def change_own_address(session: Session, actor: Actor, *, email: str, proof: Proof) -> Person:
    """Take another address with the password; raises as `hold_proven` and `add` do. All sessions go on."""
    person = _own(session, actor)
    hold_proven(session, proof)
    return _change(session, person, email, actor)


def change_address(session: Session, actor: Actor, person_id: UUID, email: str) -> Person:
    """Give another person another address; raises as `managed_account` and `add` do."""
    return _change(session, managed_account(session, actor, person_id), email, actor)


def own_identifiers(session: Session, actor: Actor) -> Sequence[Identifier]:
    """What one signs in with."""
    return identifiers.live_of(session, actor.person_id)


def add_own(session: Session, actor: Actor, kind: str, written: str) -> Identifier:
    """Sign in with something else, too; raises `Invalid`, or as `identifiers.add`."""
    return _add(session, _own(session, actor), kind, written, actor)


def end_own(session: Session, actor: Actor, identifier_id: UUID) -> None:
    """Sign in with it no longer; raises `NotFound` or `LastIdentifier`."""
    _end(session, _own(session, actor), identifier_id, actor)


def add_for(session: Session, actor: Actor, person_id: UUID, kind: str, written: str) -> Identifier:
    """Let another person sign in with it; raises as `managed_account` and `add_own` do."""
    return _add(session, managed_account(session, actor, person_id), kind, written, actor)


def end_for(session: Session, actor: Actor, person_id: UUID, identifier_id: UUID) -> None:
    """Another person signs in with it no longer; raises as `managed_account` and `end_own` do."""
    _end(session, managed_account(session, actor, person_id), identifier_id, actor)


def replace(
    session: Session, person: Person, kind: str, written: str | None, pointer: str, by: Actor
) -> None:
    """Exchange what a held person has of a kind (None: take it away); raises as `add_own` and `end_own` do."""
    own = identifiers.live_of(session, person.id)
    former = next((each for each in own if each.kind == kind), None)
    form = None
    if written is not None:
        form = identifiers.parse_in(session, person.organisation_id, kind, written, pointer)
        identifiers.check_free(session, person.organisation_id, form, person.id)
    if (former and former.value) == (form and form.value):
        return
    if former is not None:
        _take_away(session, person, former, is_last=form is None and len(own) == 1)
    if form is not None:
        identifiers.add(session, person, form)
    _tell(session, person, "address" if kind == EMAIL else "identifier", by)


def _own(session: Session, actor: Actor) -> Person:
    return session.get_one(Person, actor.person_id, with_for_update={"key_share": True})


def _change(session: Session, person: Person, email: str, actor: Actor) -> Person:
    replace(session, person, EMAIL, email, "/email", actor)
    return person


def _add(session: Session, person: Person, kind: str, written: str, actor: Actor) -> Identifier:
    form = identifiers.parse_in(session, person.organisation_id, kind, written)
    known = {each.id for each in identifiers.live_of(session, person.id)}
    added = identifiers.add(session, person, form)
    if added.id not in known:
        _tell(session, person, "identifier", actor)
    return added


def _end(session: Session, person: Person, identifier_id: UUID, actor: Actor) -> None:
    identifier = identifiers.live_in(session, person.id, identifier_id)
    _take_away(session, person, identifier, is_last=len(identifiers.live_of(session, person.id)) == 1)
    _tell(session, person, "identifier", actor)


def _take_away(session: Session, person: Person, identifier: Identifier, *, is_last: bool) -> None:
    if is_last:
        raise LastIdentifier
    identifiers.end(session, person, identifier)
    forget_code(session, person.id)


def _tell(session: Session, person: Person, what: str, by: Actor) -> None:
    tell_sign_in_changed(session, person.organisation_id, person.id, what, by.person_id)
