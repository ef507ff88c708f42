"""Slows guessing at passwords: after some failures an account name has to wait, whether it exists or not."""

import hashlib
import math
from datetime import timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from people.sign_in.models import SignInFailure

ALLOWED = 10
WINDOW = timedelta(minutes=15)


def key(organisation: str, email: str) -> bytes:
    """The account name as `base.text.address` gives it, digested: names of people need not lie about here."""
    return hashlib.sha256(f"{organisation}\n{email}".encode()).digest()


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
