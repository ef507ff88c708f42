"""A new password for somebody who has forgotten theirs.

    administrator or operator ──code──▶ person ──organisation, address, code, new password──▶ all sessions end

The code goes from hand to hand: nobody's mailbox decides who gets in. There is one a person, the newest; only its
digest is kept, for an hour, and it is good once. Whoever redeems it is not known before: one statement says whether
all of what they gave is right, and an address that is not there is answered as a code that is wrong.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow, Database, again_if_it_gave_way, enter_organisation
from base.errors import Invalid, NotFound
from base.rows import rows_written
from base.text import address
from base.work import hashing
from people.accounts.managed import check_can_sign_in, managed_account
from people.accounts.own_password import held_credential, set_password
from people.accounts.persons import known_words
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.audit.entries import Entry, record
from people.models import Organisation, Person
from people.sign_in import throttle
from people.sign_in.codes import as_made, new_code
from people.sign_in.models import ResetCode
from people.sign_in.passwords import hash_password
from people.sign_in.sessions import end_sessions
from people.sign_in.signing_in import named
from people.sign_in.strength import check_password
from people.sign_in.throttle import Door
from people.sign_in.tokens import digest

LASTS = timedelta(hours=1)
_CANDIDATE = text("SELECT organisation_id, person_id FROM reset_candidate(:slug, :email, :digest, :at)")


class ResetRefused(Invalid):
    """Wrong organisation, address or code, or one that is used, replaced or too old; which of them is not told."""

    code = "reset_refused"
    title = "The organisation, address or code is not right, or the code is no longer good"


def issue_code(session: Session, actor: Actor, person_id: UUID) -> tuple[str, datetime]:
    """A code for another person, and until when it is good; raises as `managed_account` does."""
    return _issue(session, managed_account(session, actor, person_id), actor.person_id)


def issue_code_as_operator(session: Session, slug: str, email: str) -> tuple[str, datetime]:
    """The same for whoever has the address, by the worker's role; raises `NotFound` or `NoPassword`."""
    named = select(Person).join(Organisation, Organisation.id == Person.organisation_id)
    named = named.where(
        Organisation.slug == address(slug), func.lower(Person.email) == func.lower(address(email))
    )
    person = session.scalars(
        named.where(Person.ended_at.is_(None)).with_for_update(of=Person, key_share=True)
    ).one_or_none()
    if person is None:
        raise NotFound
    check_can_sign_in(session, person)
    record(session, Entry(person.organisation_id, "issue_reset_code", person_id=person.id))
    return _issue(session, person, None)


def _issue(session: Session, person: Person, by: UUID | None) -> tuple[str, datetime]:
    code, expires_at = new_code(), clock.now() + LASTS
    kept = {"code_digest": digest(code), "expires_at": expires_at, "created_by": by}
    session.execute(
        insert(ResetCode)
        .values(person_id=person.id, organisation_id=person.organisation_id, **kept)
        .on_conflict_do_update(index_elements=[ResetCode.person_id], set_=kept)
    )
    throttle.forget_account(session, person.id)
    tell_sign_in_changed(session, person.organisation_id, person.id, "reset_code", by)
    return code, expires_at


@dataclass(frozen=True)
class Redemption:
    """A code that was right, and the hash of the password that it is to buy."""

    organisation_id: UUID
    person_id: UUID
    code_digest: bytes
    password_hash: str


def prove_code(
    database: Database, *, organisation: str, email: str, code: str, new_password: str, address: str | None
) -> Redemption:
    """Check a code that came from a network address, and hash the password that is to be the new one.

    Raises `ResetRefused`, `TooManyGuesses`, `Busy`, or `Invalid` for a weak password: before anything else is looked
    at, or, where it is made of what is known of the person, when the code is right, which it leaves as it is.
    """
    check_password(new_password, "/new_password", (organisation, email))
    code_digest = digest(as_made(code))
    with hashing.place(throttle.home_network(address)) as run:
        found = again_if_it_gave_way(
            lambda: _counted(database, organisation, email, code_digest, new_password, address)
        )
        if found is None:
            raise ResetRefused
        hashed = hash_password(new_password, run)
    return Redemption(found.organisation_id, found.person_id, code_digest, hashed)


def _counted(
    database: Database, slug: str, email: str, code_digest: bytes, new_password: str, address: str | None
) -> AnyRow | None:
    """Whose code it is, once the try is counted."""
    with database.transaction() as session:
        account = named(session, slug, email)
        throttle.count(session, Door.RESET, throttle.of_strangers(Door.RESET, account.key, address))
        given = {"slug": slug, "email": email, "digest": code_digest, "at": clock.now()}
        found = session.execute(_CANDIDATE, given).one_or_none()
        if found is not None:
            enter_organisation(session, found.organisation_id)
            own = known_words(session, found.organisation_id, found.person_id)
            check_password(new_password, "/new_password", own)
        return found


def redeem_code(session: Session, redemption: Redemption) -> None:
    """Give the account its new password, and end all its sessions; raises `ResetRefused` where somebody was quicker."""
    person_id = redemption.person_id
    enter_organisation(session, redemption.organisation_id)
    credential = held_credential(session, person_id)
    used = delete(ResetCode).where(
        ResetCode.person_id == person_id, ResetCode.code_digest == redemption.code_digest
    )
    if credential is None or rows_written(session, used) == 0:
        raise ResetRefused
    set_password(session, credential, redemption.password_hash)
    end_sessions(session, person_id, reason="password_reset", actor_id=person_id)


def forget_old_codes(session: Session) -> None:
    """Delete the codes whose hour is over."""
    session.execute(delete(ResetCode).where(ResetCode.expires_at <= clock.now()))
