"""The password of an account: proven anew before what matters about it is changed, and exchanged for another."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden
from people.accounts.persons import check_password
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.sign_in import passwords, throttle
from people.sign_in.models import Credential, ResetCode
from people.sign_in.sessions import end_sessions


class PasswordRefused(Forbidden):
    """Not the person's password; or the person has none, as visitors from a gate."""

    code, title, keeps_changes = "password_refused", "The present password is not right", True


def prove(session: Session, actor: Actor, password: str) -> Credential:
    """The actor's own credential, if this is the password; raises `PasswordRefused` or `TooManyRequests`.

    It is held until the transaction ends: those who try at once come one after the other, so that a stolen access
    token buys no more guesses than are counted, and whoever comes after a change finds the new password.
    """
    credential = held_credential(session, actor.person_id)
    account = throttle.key_of(session, actor.person_id)
    throttle.check(session, account)
    kept = None if credential is None else credential.password_hash
    if not passwords.matches(kept, password) or credential is None:
        throttle.count_failure(session, account)
        raise PasswordRefused
    throttle.forget(session, account)
    return credential


def change_password(session: Session, actor: Actor, *, current_password: str, new_password: str) -> None:
    """Exchange the password; every other session of the person ends, this one goes on.

    Raises as `prove` does, and `Invalid` for a weak new one.
    """
    check_password(new_password, "/new_password")
    credential = prove(session, actor, current_password)
    set_password(session, credential, new_password)
    end_sessions(
        session,
        actor.person_id,
        reason="password_changed",
        actor_id=actor.person_id,
        but=actor.session_id,
    )


def set_password(session: Session, credential: Credential, password: str) -> None:
    """Keep another password in a held credential; a code for a new one is no longer needed."""
    credential.password_hash, credential.changed_at = passwords.hash_password(password), clock.now()
    session.flush()
    person_id = credential.person_id
    forget_code(session, person_id)
    tell_sign_in_changed(session, credential.organisation_id, person_id, "password", person_id)


def held_credential(session: Session, person_id: UUID) -> Credential | None:
    """A person's credential as it is now, which nobody else changes until the transaction ends."""
    mine = select(Credential).where(Credential.person_id == person_id)
    return session.scalars(
        mine.with_for_update(), execution_options={"populate_existing": True}
    ).one_or_none()


def forget_code(session: Session, person_id: UUID) -> None:
    """The code for a new password that the person may have been given is worthless from now on."""
    session.execute(delete(ResetCode).where(ResetCode.person_id == person_id))
