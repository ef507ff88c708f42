"""Signed statements (JWT, HS256) of one installation: each of a kind, for one purpose, for some minutes.

A kind has a `typ`, an audience and a key of its own, so one is never taken for another. Only what we write is read: one
algorithm, our issuer, and ids as claims.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import jwt

from base import clock
from base.errors import Unauthenticated
from people.sign_in.keys import Keys

_ALGORITHM, _ISSUER = "HS256", "hereabouts"
# What a release before wrote there: its keys are not known any more, so such a token is over.
_FORMER_TYPE = "JWT"
# How far the clock of the process that made a token may be ahead of the one that reads it, in seconds.
LEEWAY_S = 60


class TokenExpired(Unauthenticated):
    """The access token's minutes are over; refresh it."""

    code, title = "token_expired", "The access token has expired; refresh it"


@dataclass(frozen=True)
class Kind:
    """What a statement is good for: the `typ` of its head, who takes it, and what its key is derived for."""

    type: str
    audience: str
    purpose: bytes


class Said(NamedTuple):
    """The ids that a statement says, in the order in which they were asked for; when it ends, in unix seconds."""

    ids: list[UUID]
    expires_at: float


def signed(keys: Keys, kind: Kind, ids: dict[str, str], at: datetime, seconds: int) -> str:
    """A statement that is good for so many seconds from `at`."""
    name, key = keys.signing(kind.purpose)
    lasts = {"iat": at, "exp": at + timedelta(seconds=seconds)}
    claims = {"iss": _ISSUER, "aud": kind.audience, **lasts, **ids}
    return jwt.encode(claims, key, _ALGORITHM, headers={"kid": name, "typ": kind.type})


def read(keys: Keys, kind: Kind, token: str, *names: str) -> Said:
    """The ids of these names; raises `TokenExpired` for what was good once, `Unauthenticated` for all else."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key_of(keys, kind, token),
            [_ALGORITHM],
            audience=kind.audience,
            issuer=_ISSUER,
            options={
                "require": ["iss", "aud", "iat", "exp", *names],
                "strict_aud": True,
                "verify_iat": False,
                "verify_exp": False,
            },
        )
        now = clock.seconds()
        if not (float(claims["iat"]) <= now + LEEWAY_S and float(claims["exp"]) > now):
            raise TokenExpired
        return Said([UUID(claims[name]) for name in names], float(claims["exp"]))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise Unauthenticated from None


def _key_of(keys: Keys, kind: Kind, token: str) -> bytes:
    """The key that a statement names; raises `TokenExpired` where it is none of ours any more."""
    head = jwt.get_unverified_header(token)
    if head.get("typ") not in (kind.type, _FORMER_TYPE):
        raise Unauthenticated
    key = keys.named(kind.purpose, str(head.get("kid")))
    if key is None:
        raise TokenExpired
    if head["typ"] != kind.type:
        raise Unauthenticated
    return key
