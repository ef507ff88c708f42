"""The password of an account: proven anew before what matters about it is changed, and exchanged for another.

It is proven before the transaction that acts on it, which then asks whether it is still the same one: whoever comes
after a change is refused, though what they typed was right when they typed it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from base import clock
from base.database import Database, again_if_it_gave_way
from base.errors import Forbidden
from base.work import hashing
from people.accounts.persons import known_words
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.sign_in import passwords, throttle
from people.sign_in.models import Credential, ResetCode
from people.sign_in.sessions import end_sessions
from people.sign_in.signing_in import Proof, take_back
from people.sign_in.strength import check_password
from people.sign_in.throttle import Bucket, Door


class PasswordRefused(Forbidden):
    """Not the person's password; or the person has none, as visitors from a gate."""

    code, title = "password_refused", "The present password is not right"


def prove(database: Database, actor: Actor, password: str) -> Proof:
    """Check the actor's own password; raises `PasswordRefused`, `TooManyGuesses` or `Busy`."""
    return _proven(database, actor, password, None)[0]


def prove_and_hash(database: Database, actor: Actor, password: str, new: str) -> tuple[Proof, str]:
    """The same, and the hash of the password that is to take its place; raises `Invalid` for a weak one, uncounted."""
    return _proven(database, actor, password, new)


def _proven(database: Database, actor: Actor, password: str, new: str | None) -> tuple[Proof, str]:
    with hashing.place(str(actor.person_id)) as run:
        kept, counted = again_if_it_gave_way(lambda: _counted(database, actor, new))
        if not passwords.matches(run, kept, password) or kept is None:
            raise PasswordRefused
        hashed = "" if new is None else passwords.hash_password(new, run)
    take_back(database, counted)
    return Proof(actor.organisation_id, actor.person_id, kept), hashed


def _counted(database: Database, actor: Actor, new: str | None) -> tuple[str | None, Sequence[Bucket]]:
    """The hash of the present password, and the buckets of this try.

    They are the phone's own: a stolen token buys ten guesses, and strangers hold nobody up who is signed in.
    """
    with database.transaction(actor.organisation_id) as session:
        if new is not None:
            check_password(new, "/new_password", known_words(session, actor.organisation_id, actor.person_id))
        kept = session.scalar(select(Credential.password_hash).where(Credential.person_id == actor.person_id))
        buckets = throttle.of_device(str(actor.person_id), actor.device_id)
        return kept, throttle.count(session, Door.SIGN_IN, buckets)


def hold_proven(session: Session, proof: Proof) -> Credential:
    """The credential that was proven, held until the transaction ends; `PasswordRefused` where it has changed."""
    credential = held_credential(session, proof.person_id)
    if credential is None or credential.password_hash != proof.password_hash:
        raise PasswordRefused
    return credential


def change_password(session: Session, actor: Actor, *, proof: Proof, new_hash: str) -> None:
    """Exchange the password; every other session of the person ends, this one goes on. Raises as `hold_proven`."""
    credential = hold_proven(session, proof)
    set_password(session, credential, new_hash)
    end_sessions(
        session,
        actor.person_id,
        reason="password_changed",
        actor_id=actor.person_id,
        but=actor.session_id,
    )


def set_password(session: Session, credential: Credential, password_hash: str) -> None:
    """Keep another password in a held credential; a code for a new one is no longer needed."""
    credential.password_hash, credential.changed_at = password_hash, clock.now()
    session.flush()
    person_id = credential.person_id
    forget_code(session, person_id)
    throttle.forget_account(session, person_id)
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
