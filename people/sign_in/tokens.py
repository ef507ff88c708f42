"""The two tokens of a session.

An access token is a signed statement (JWT, HS256) that lasts minutes and names the session; the session's row is
still looked at with every request, so ending a session ends its access tokens at once. It names the key that it was
signed with: the installation's key may be changed, and the former one goes on being read for a while. What is signed by
a key that is not known any more, is too old, or comes from a clock that is ahead, is answered as a token that is over:
the app refreshes it, and only the refresh token decides whether somebody has to sign in again.

A refresh token is 32 random bytes of which only the digest is kept. A phone in a lift may lose the answer to a
refresh and ask again; it then sends the same `Idempotency-Key`, and since the next token is derived from the old
one and that key, it gets the same answer. Whoever uses a used token without the key it was used with is a thief or
was robbed: the session ends.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from base import clock
from base.errors import Unauthenticated
from base.keys import named

_ALGORITHM = "HS256"
_AUDIENCE = "hereabouts"
# How far the clock of the process that made a token may be ahead of the one that reads it, in seconds.
LEEWAY_S = 60


class TokenExpired(Unauthenticated):
    """The access token's minutes are over; refresh it."""

    code, title = "token_expired", "The access token has expired; refresh it"


@dataclass(frozen=True)
class AccessClaims:
    """What an access token says; `expires_at` in unix seconds."""

    session_id: UUID
    organisation_id: UUID
    expires_at: float = 0.0


@dataclass(frozen=True)
class Tokens:
    """What a device keeps of its session; `access_ttl` in seconds."""

    session_id: UUID
    access_token: str
    refresh_token: str
    access_ttl: int

    def wire(self) -> dict[str, Any]:
        """The form of the answer."""
        return {
            "session_id": str(self.session_id),
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.access_ttl,
            "refresh_token": self.refresh_token,
        }


class TokenMaker:
    """Makes tokens with the installation's secret, and reads those that were made with it or with the former one."""

    def __init__(self, secret: str, access_ttl: int, former: str | None = None) -> None:
        self._access_keys = named(secret, former, b"access token")
        self._refresh_keys = list(named(secret, former, b"refresh token").values())
        self._signs_with = next(iter(self._access_keys))
        self.access_ttl = access_ttl

    def access_token(self, session_id: UUID, organisation_id: UUID, at: datetime) -> str:
        """A token for the session, valid for `access_ttl` seconds from `at`."""
        claims = {
            "sid": str(session_id),
            "org": str(organisation_id),
            "aud": _AUDIENCE,
            "iat": at,
            "exp": at + timedelta(seconds=self.access_ttl),
        }
        name = self._signs_with
        return jwt.encode(claims, self._access_keys[name], _ALGORITHM, headers={"kid": name})

    def read_access_token(self, token: str) -> AccessClaims:
        """What the token says; raises `TokenExpired` or `Unauthenticated`."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key_of(token),
                [_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["exp", "iat", "sid", "org"], "verify_iat": False, "verify_exp": False},
            )
            if float(claims["iat"]) > clock.seconds() + LEEWAY_S or float(claims["exp"]) <= clock.seconds():
                raise TokenExpired
            return AccessClaims(UUID(claims["sid"]), UUID(claims["org"]), float(claims["exp"]))
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
            raise Unauthenticated from None

    def _key_of(self, token: str) -> bytes:
        """The key that a token names; `TokenExpired` where it is none of ours any more."""
        name = jwt.get_unverified_header(token).get("kid")
        if name not in self._access_keys:
            raise TokenExpired
        return self._access_keys[name]

    def next_refresh_tokens(self, used: str, retry_key: str | None) -> list[str]:
        """The token that follows `used`: random, or the same again for the same retry key.

        Further ones are those that followed it under the installation's former key.
        """
        if retry_key is None:
            return [first_refresh_token()]
        said = f"{used}\n{retry_key}".encode()
        return [_encoded(hmac.digest(key, said, "sha256")) for key in self._refresh_keys]


def first_refresh_token() -> str:
    """A fresh random token."""
    return _encoded(secrets.token_bytes(32))


def digest(token: str) -> bytes:
    """What is kept of a token or code: they are long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def _encoded(material: bytes) -> str:
    return base64.urlsafe_b64encode(material).decode().rstrip("=")
