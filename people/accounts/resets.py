"""A new password for somebody who has forgotten theirs.

    administrator or operator ──code──▶ person ──organisation, address, code, new password──▶ all sessions end

The code goes from hand to hand: nobody's mailbox decides who gets in. There is one a person, the newest; only its
digest is kept, for an hour, and it is good once. Whoever redeems it is not known before: one statement says whether
all of what they gave is right, and an address that is not there is answered as a code that is wrong.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow, enter_organisation
from base.errors import Invalid, NotFound
from base.rows import rows_written
from base.text import address
from people.accounts.managed import check_can_sign_in, managed_account
from people.accounts.own_password import held_credential, set_password
from people.accounts.persons import check_password
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.models import Organisation, Person
from people.sign_in import throttle
from people.sign_in.codes import as_made, new_code
from people.sign_in.models import ResetCode
from people.sign_in.sessions import end_sessions
from people.sign_in.throttle import Door
from people.sign_in.tokens import digest

LASTS = timedelta(hours=1)
_CANDIDATE = text("SELECT organisation_id, person_id FROM reset_candidate(:slug, :email, :digest, :at)")


class ResetRefused(Invalid):
    """Wrong organisation, address or code, or one that is used, replaced or too old; which of them is not told."""

    code, keeps_changes = "reset_refused", True
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
    return _issue(session, person, None)


def _issue(session: Session, person: Person, by: UUID | None) -> tuple[str, datetime]:
    code, expires_at = new_code(), clock.now() + LASTS
    kept = {"code_digest": digest(code), "expires_at": expires_at, "created_by": by}
    session.execute(
        insert(ResetCode)
        .values(person_id=person.id, organisation_id=person.organisation_id, **kept)
        .on_conflict_do_update(index_elements=[ResetCode.person_id], set_=kept)
    )
    throttle.forget_account(session, person.organisation_id, person.email)
    tell_sign_in_changed(session, person.organisation_id, person.id, "reset_code", by)
    return code, expires_at


def redeem_code(session: Session, *, organisation: str, email: str, code: str, new_password: str) -> None:
    """Give the account its new password, and end all its sessions.

    Raises `ResetRefused`, `TooManyRequests`, or `Invalid` for a weak password, before anything else is looked at.
    """
    check_password(new_password, "/new_password")
    account = throttle.key(organisation, email, Door.RESET)
    throttle.check(session, account, Door.RESET)
    code_digest = digest(as_made(code))
    given = {"slug": organisation, "email": email, "digest": code_digest, "at": clock.now()}
    found = session.execute(_CANDIDATE, given).one_or_none()
    if found is None or not _redeemed(session, found, code_digest, new_password):
        throttle.count_failure(session, account)
        raise ResetRefused
    throttle.forget_account(session, found.organisation_id, email)


def _redeemed(session: Session, found: AnyRow, code_digest: bytes, new_password: str) -> bool:
    """Use the code up, if nobody was quicker."""
    person_id: UUID = found.person_id
    enter_organisation(session, found.organisation_id)
    credential = held_credential(session, person_id)
    used = delete(ResetCode).where(ResetCode.person_id == person_id, ResetCode.code_digest == code_digest)
    if credential is None or rows_written(session, used) == 0:
        return False
    set_password(session, credential, new_password)
    end_sessions(session, person_id, reason="password_reset", actor_id=person_id)
    return True


def forget_old_codes(session: Session) -> None:
    """Delete the codes whose hour is over."""
    session.execute(delete(ResetCode).where(ResetCode.expires_at <= clock.now()))
