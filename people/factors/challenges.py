"""Challenges that an authenticator signs: each is good once, for five minutes, for what it was made for.

Nothing is kept of a challenge that was made. It is handed out sealed, with what it is for, and comes back beside the
signature; kept is that it came back, until it is too old anyway. So whoever asks for challenges without end fills no
table.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.rows import rows_written
from base.sealing import Sealer, Unsealable
from people.models import UsedChallenge
from people.sign_in.tokens import digest

LASTS = timedelta(minutes=5)


class Purpose(StrEnum):
    """What a challenge is for; one that was made for something else is none."""

    REGISTER = "passkey.register"
    SIGN_IN = "passkey.sign_in"
    PROVE = "passkey.prove"


@dataclass(frozen=True)
class Challenge:
    """`sealed` is what an app gives back with the signature; `whose` the session, or organisation, that it is for."""

    sealed: str
    whose: str
    material: bytes
    expires_at: datetime


def new_challenge(sealer: Sealer, purpose: Purpose, whose: str) -> Challenge:
    """A challenge of 32 random bytes."""
    material, expires_at = secrets.token_bytes(32), clock.now() + LASTS
    said = {
        "purpose": purpose,
        "whose": whose,
        "challenge": base64.b64encode(material).decode(),
        "expires": expires_at.timestamp(),
    }
    return Challenge(sealer.sealed(orjson.dumps(said).decode()), whose, material, expires_at)


def use_challenge(session: Session, sealer: Sealer, sealed: str, purpose: Purpose) -> Challenge | None:
    """The challenge that was sealed, used up now; None where it is none, of another purpose, too old, or used.

    Of two who use it at once, the second waits for the first.
    """
    said = _opened(sealer, sealed)
    if said is None or said.get("purpose") != purpose:
        return None
    expires_at = datetime.fromtimestamp(said["expires"], UTC)
    if expires_at <= clock.now():
        return None
    used = insert(UsedChallenge).values(digest=digest(said["challenge"]), expires_at=expires_at)
    if rows_written(session, used.on_conflict_do_nothing()) == 0:
        return None
    return Challenge(sealed, said["whose"], base64.b64decode(said["challenge"]), expires_at)


def _opened(sealer: Sealer, sealed: str) -> dict[str, Any] | None:
    try:
        said = orjson.loads(sealer.opened(sealed))
    except (Unsealable, orjson.JSONDecodeError):  # what is sealed for others need not be JSON
        return None
    return said if isinstance(said, dict) else None


def forget_used_challenges(session: Session) -> None:
    """Delete those that are too old to be used again."""
    session.execute(delete(UsedChallenge).where(UsedChallenge.expires_at <= clock.now()))
