"""Slows guessing at passwords and codes: after some failures an account name has to wait, whether it exists or not.

Passwords are guessed at by signing in, and with a stolen access token where one is asked for again: all of it counts
together. Codes for a new password count by themselves, or whoever guesses at those would hold up signing in.
"""

import hashlib
import math
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.errors import TooManyRequests
from base.text import address
from people.models import Organisation, Person
from people.sign_in.models import SignInFailure

ALLOWED = 10
WINDOW = timedelta(minutes=15)


class Door(StrEnum):
    """Where somebody guesses; the value is what they are told after too many guesses."""

    SIGN_IN = "too_many_sign_ins"
    RESET = "too_many_resets"


def key(organisation: str, email: str, door: Door = Door.SIGN_IN) -> bytes:
    """The account name as `base.text.address` gives it, digested: names of people need not lie about here."""
    return hashlib.sha256(f"{organisation}\n{email}\0{door}".encode()).digest()


def key_of(session: Session, person_id: UUID) -> bytes:
    """The key under which guesses at a person's password count."""
    named = select(Organisation.slug, Person.email).join(Person, Person.organisation_id == Organisation.id)
    slug, email = session.execute(named.where(Person.id == person_id)).one()
    return key(slug, address(email))


def check(session: Session, account: bytes, door: Door = Door.SIGN_IN) -> None:
    """Hear another try, or raise `TooManyRequests`."""
    if wait := seconds_to_wait(session, account):
        raise TooManyRequests(headers={"Retry-After": str(wait)}, code=door)


def seconds_to_wait(session: Session, account: bytes) -> int:
    """0, or how long until the next try is heard."""
    row = session.scalars(select(SignInFailure).where(SignInFailure.key == account)).one_or_none()
    if row is None or row.failures < ALLOWED:
        return 0
    return max(0, math.ceil((row.window_started_at + WINDOW - clock.now()).total_seconds()))


def count_failure(session: Session, account: bytes) -> None:
    """One more failure; the window starts anew when the last one is over."""
    at = clock.now()
    over = SignInFailure.window_started_at < at - WINDOW
    session.execute(
        insert(SignInFailure)
        .values(key=account, failures=1, window_started_at=at)
        .on_conflict_do_update(
            index_elements=[SignInFailure.key],
            set_={
                "failures": case((over, 1), else_=SignInFailure.failures + 1),
                "window_started_at": case((over, at), else_=SignInFailure.window_started_at),
            },
        )
    )


def forget(session: Session, account: bytes) -> None:
    """A success clears the count."""
    session.execute(delete(SignInFailure).where(SignInFailure.key == account))


def forget_account(session: Session, organisation_id: UUID, email: str) -> None:
    """Clear all that was counted for an address: it has a new owner, or its owner a new password."""
    slug = session.scalars(select(Organisation.slug).where(Organisation.id == organisation_id)).one()
    counted = [key(slug, address(email), door) for door in Door]
    session.execute(delete(SignInFailure).where(SignInFailure.key.in_(counted)))


def forget_old_failures(session: Session) -> None:
    """Delete the counts whose window is over; anybody can begin one, under any name."""
    session.execute(delete(SignInFailure).where(SignInFailure.window_started_at < clock.now() - WINDOW))
