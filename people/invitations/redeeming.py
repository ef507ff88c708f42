"""Redeeming an invitation, in two halves, since hashing takes long and a transaction must not:

prove_invitation    a transaction counts the try and looks at the code; the password is hashed after it
accept              another one opens the account, if the code is still good: of twenty at once, one has the last use

A code that is wrong, over, taken back, or another's is refused alike.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from base import clock
from base.database import Database, again_if_it_gave_way, enter_organisation
from base.errors import Invalid
from base.work import hashing
from people.accounts import identifiers
from people.accounts.persons import add_person, known_words
from people.accounts.telling import tell_sign_in_changed
from people.accounts.visitors import limit_stay
from people.invitations.addressing import read_address
from people.invitations.inviting import open_to_invitations
from people.invitations.standing import give_roles, is_still_given
from people.models import Invitation, Person
from people.scopes.memberships import assign
from people.scopes.rights import tell_rights
from people.sign_in import throttle
from people.sign_in.codes import as_made
from people.sign_in.forms import Form
from people.sign_in.models import Credential
from people.sign_in.passwords import hash_password
from people.sign_in.strength import check_password
from people.sign_in.throttle import Door
from people.sign_in.tokens import digest


class InvitationRefused(Invalid):
    """Unknown, used up, expired, taken back, or for somebody else; which of them is not told."""

    code, title = "invitation_refused", "This invitation code is not, or no longer, good"


@dataclass(frozen=True)
class Opening:
    """What is to become an account: a code that was good when it was looked at, and the hash of the password.

    `form` is what the person is to sign in with; None where the account is there, with what it has.
    """

    code_digest: bytes
    organisation_id: UUID
    form: Form | None
    password_hash: str


@dataclass(frozen=True)
class _Looked:
    """What a good code is for, and what no password may be made of."""

    organisation_id: UUID
    form: Form | None
    own: list[str]


def prove_invitation(
    database: Database, code: str, account: dict[str, Any], password: str, address: str | None
) -> Opening:
    """Check a code that came from a network address, and hash the new account's password.

    `account` has the `identifier` and the `name` that were given, if any. Raises `InvitationRefused`, `TooManyGuesses`,
    `Busy`, or `Invalid` for a weak password and for what is missing.
    """
    code_digest = digest(as_made(code))
    with hashing.place(throttle.home_network(address)) as run:
        looked = again_if_it_gave_way(lambda: _counted(database, code_digest, account, address))
        if looked is None:
            raise InvitationRefused
        check_password(password, own=looked.own)
        return Opening(code_digest, looked.organisation_id, looked.form, hash_password(password, run))


def _counted(
    database: Database, code_digest: bytes, account: dict[str, Any], address: str | None
) -> _Looked | None:
    """What a good code is for; a wrong one is counted."""
    with database.transaction() as session:
        counted = throttle.count(
            session, Door.INVITATION, throttle.of_strangers(Door.INVITATION, None, address)
        )
        invitation = _good(session, code_digest, held=False)
        looked = None if invitation is None else _looked(session, invitation, account)
        if looked is not None:
            throttle.take_back(session, counted)
        return looked


def _looked(session: Session, invitation: Invitation, account: dict[str, Any]) -> _Looked | None:
    """None where it is for somebody else."""
    organisation_id, given = invitation.organisation_id, account["identifier"]
    known = known_words(session, organisation_id, invitation.person_id)
    own = [each for each in (*known, account["name"], invitation.name, given) if each]
    form = _form(session, invitation, given)
    if invitation.person_id is not None:
        theirs = {each.value for each in identifiers.live_of(session, invitation.person_id)}
        return _Looked(organisation_id, None, own) if form is None or form.value in theirs else None
    if invitation.identifier is not None and form is not None and form.value != invitation.identifier:
        return None
    if form is None:
        raise Invalid.at("/identifier", "Missing data for required field.")
    if not (account["name"] or invitation.name):
        raise Invalid.at("/name", "Missing data for required field.")
    return _Looked(organisation_id, form, own)


def _form(session: Session, invitation: Invitation, given: str | None) -> Form | None:
    """What was given, or else what the invitation is for."""
    written = given or invitation.identifier
    if written is None:
        return None
    return read_address(session, invitation.organisation_id, written, "/identifier")


def _good(session: Session, code_digest: bytes, *, held: bool) -> Invitation | None:
    """The invitation of a code, in its organisation, if it is still good."""
    organisation_id = session.scalar(
        text("SELECT organisation_of_invitation(:digest)"), {"digest": code_digest}
    )
    if organisation_id is None:
        return None
    enter_organisation(session, organisation_id)
    asked = select(Invitation).where(Invitation.code_digest == code_digest)
    invitation = session.scalars(asked.with_for_update() if held else asked).one()
    good = invitation.uses_left > 0 and invitation.expires_at > clock.now() and invitation.revoked_at is None
    return invitation if good else None


def accept(session: Session, opening: Opening, account: dict[str, Any]) -> Person:
    """Open the account that the code allows, or the one that it is for.

    `account` has `name`, `locale` and `timezone`. Raises `InvitationRefused` or `IdentifierTaken`.
    """
    invitation = _good(session, opening.code_digest, held=True)
    if invitation is None or not is_still_given(session, invitation):
        raise InvitationRefused
    invitation.uses_left -= 1
    invitation.used += 1
    person = _let_in(session, invitation, opening) or _opened(session, invitation, opening, account)
    _give(session, invitation, person)
    return person


def _opened(session: Session, invitation: Invitation, opening: Opening, account: dict[str, Any]) -> Person:
    """A new account. What it signs in with is verified where the code went there, and nowhere else."""
    form = opening.form
    person = add_person(
        session,
        opening.organisation_id,
        forms=[] if form is None else [form],
        name=account["name"] or invitation.name or "",
        locale=account["locale"],
        timezone=account["timezone"],
        role=invitation.role,
        password_hash=opening.password_hash,
    )
    if form is not None and invitation.sent_to == form.value:
        _verify(session, person, invitation.sent_to)
    tell_rights(session, person, None, person.role, invitation.created_by)
    return person


def _let_in(session: Session, invitation: Invitation, opening: Opening) -> Person | None:
    """The account that was made for the person, with its first password; None where the code opens a new one."""
    if invitation.person_id is None:
        return None
    person = session.get_one(Person, invitation.person_id, with_for_update={"key_share": True})
    if person.ended_at is not None or session.get(Credential, person.id) is not None:
        raise InvitationRefused
    kept = {"person_id": person.id, "organisation_id": person.organisation_id}
    session.add(Credential(**kept, password_hash=opening.password_hash))
    session.flush()
    _verify(session, person, invitation.sent_to)
    tell_sign_in_changed(session, person.organisation_id, person.id, "password", person.id)
    return person


def _verify(session: Session, person: Person, sent_to: str | None) -> None:
    for each in identifiers.live_of(session, person.id):
        if each.value == sent_to:
            identifiers.verify(session, each)


def _give(session: Session, invitation: Invitation, person: Person) -> None:
    """Scopes and roles, as far as they are still there."""
    scopes = sorted(open_to_invitations(session, invitation.scope_ids))
    if invitation.stay_hours is not None:
        limit_stay(session, person, scopes, clock.now() + timedelta(hours=invitation.stay_hours))
        return
    for scope_id in scopes:
        assign(session, scope_id, person.id, "member", invitation.created_by or person.id)
    give_roles(session, invitation, person)
