"""Codes of six digits, which are sent to somebody and typed within minutes.

Six digits are no secret that a digest would hide: whoever reads the table could try all million. So what is kept is
keyed with the installation's secret, and names its row, or a code could be moved to another's. Five tries are looked
at, and each counts before it is: tries at the same code wait for each other's count.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.keys import derived
from base.rows import rows_written
from people.models import Identifier
from people.sign_in.models import OneTimeCode

LASTS = timedelta(minutes=10)
TRIES = 5
_KEPT = timedelta(days=1)


class Purpose(StrEnum):
    """What a code is good for."""

    SIGN_IN = "sign_in"
    VERIFICATION = "verification"


class CodeKeys:
    """Makes what is kept of codes, with the installation's secret; what the former one made is compared, too."""

    def __init__(self, secret: str, former: str | None) -> None:
        self._keys = [derived(each, b"one-time codes") for each in (secret, former) if each is not None]

    def digest(self, about: str, digits: str) -> bytes:
        """What to keep; `about` names what the code is for, and nothing else has the same."""
        return _digest(self._keys[0], about, digits)

    def matches(self, kept: bytes, about: str, typed: str) -> bool:
        """Whether it is the code; takes as long for every wrong one."""
        found = [hmac.compare_digest(kept, _digest(key, about, as_digits(typed))) for key in self._keys]
        return any(found)


class Tried(NamedTuple):
    """A code at which somebody tries. `digest` is of nobody's code where there is none."""

    id: UUID
    digest: bytes


_NONE = Tried(UUID(int=0), bytes(32))


def new_digits() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def as_digits(typed: str) -> str:
    """The digits that somebody meant, in whatever script and grouping they typed them."""
    return "".join(str(int(each)) for each in typed if each.isdecimal())


def issue(
    session: Session, keys: CodeKeys, identifier: Identifier, purpose: Purpose, bound_to: str
) -> tuple[str, datetime]:
    """A new code in the place of the one before, and until when it is good."""
    at, digits, code_id = clock.now(), new_digits(), ids.new_id()
    mine = _live(identifier.person_id, purpose, bound_to)
    session.execute(update(OneTimeCode).where(mine).values(ended_at=at))
    made = OneTimeCode(
        id=code_id,
        organisation_id=identifier.organisation_id,
        person_id=identifier.person_id,
        identifier_id=identifier.id,
        purpose=purpose,
        bound_to=bound_to,
        digest=keys.digest(str(code_id), digits),
        tries_left=TRIES,
        created_at=at,
        expires_at=at + LASTS,
    )
    session.add(made)
    session.flush()
    return digits, made.expires_at


def issued_lately(session: Session, person_id: UUID, purpose: Purpose) -> int:
    """How many codes a person was sent within a day."""
    theirs = and_(OneTimeCode.person_id == person_id, OneTimeCode.purpose == purpose)
    query = select(func.count()).where(theirs, OneTimeCode.created_at > clock.now() - _KEPT)
    return session.scalar(query) or 0


def one_more_try(session: Session, person_id: UUID, purpose: Purpose, bound_to: str) -> Tried:
    """Count a try at a person's live code, and tell which that is; to be committed whatever comes of it.

    One that is used up, over or not there is answered as one that nobody has.
    """
    good = and_(OneTimeCode.expires_at > clock.now(), OneTimeCode.tries_left > 0)
    mine = update(OneTimeCode).where(_live(person_id, purpose, bound_to), good)
    counted = mine.values(tries_left=OneTimeCode.tries_left - 1)
    row = session.execute(counted.returning(OneTimeCode.id, OneTimeCode.digest)).one_or_none()
    return _NONE if row is None else Tried(row.id, row.digest)


def is_right(keys: CodeKeys, tried: Tried, typed: str) -> bool:
    """Whether what was typed is the code."""
    return keys.matches(tried.digest, str(tried.id), typed)


def use(session: Session, code_id: UUID) -> bool:
    """Take a code that was right; False where somebody was quicker, or it went to what is not theirs any more."""
    still_theirs = exists().where(Identifier.id == OneTimeCode.identifier_id, Identifier.ended_at.is_(None))
    live = and_(OneTimeCode.id == code_id, OneTimeCode.ended_at.is_(None), still_theirs)
    return rows_written(session, update(OneTimeCode).where(live).values(ended_at=clock.now())) == 1


def forget_old(session: Session) -> None:
    """Delete those of more than a day ago."""
    session.execute(delete(OneTimeCode).where(OneTimeCode.created_at < clock.now() - _KEPT))


def _live(person_id: UUID, purpose: Purpose, bound_to: str) -> ColumnElement[bool]:
    whose = and_(OneTimeCode.person_id == person_id, OneTimeCode.purpose == purpose)
    return and_(whose, OneTimeCode.bound_to == bound_to, OneTimeCode.ended_at.is_(None))


def _digest(key: bytes, about: str, digits: str) -> bytes:
    return hmac.digest(key, f"{about}\n{digits}".encode(), "sha256")
