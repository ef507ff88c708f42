"""The two tokens of a session.

An access token is a signed statement (JWT, HS256) that lasts minutes and names the session; the session's row is
still looked at with every request, so ending a session ends its access tokens at once.

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

from base.errors import Unauthenticated

_ALGORITHM = "HS256"
_AUDIENCE = "hereabouts"


class TokenExpired(Unauthenticated):
    """The access token's minutes are over; refresh it."""

    code, title = "token_expired", "The access token has expired; refresh it"


@dataclass(frozen=True)
class AccessClaims:
    """What an access token says; `expires_at` in unix seconds."""

    session_id: UUID
    organisation_id: UUID
    expires_at: float = 0.0


class TokenMaker:
    """Makes and reads tokens with the installation's secret."""

    def __init__(self, secret: str, access_ttl: int) -> None:
        self._access_key = _derived(secret, b"access token")
        self._refresh_key = _derived(secret, b"refresh token")
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
        return jwt.encode(claims, self._access_key, _ALGORITHM)

    def read_access_token(self, token: str) -> AccessClaims:
        """What the token says; raises `TokenExpired` or `Unauthenticated`."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._access_key,
                [_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["exp", "sid", "org"]},
            )
            return AccessClaims(UUID(claims["sid"]), UUID(claims["org"]), float(claims["exp"]))
        except jwt.ExpiredSignatureError:
            raise TokenExpired from None
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
            raise Unauthenticated from None

    def next_refresh_token(self, used: str, retry_key: str | None) -> str:
        """The token that follows `used`: random, or the same again for the same retry key."""
        if retry_key is None:
            return first_refresh_token()
        material = hmac.digest(self._refresh_key, f"{used}\n{retry_key}".encode(), "sha256")
        return _encoded(material)


def first_refresh_token() -> str:
    """A fresh random token."""
    return _encoded(secrets.token_bytes(32))


def digest(token: str) -> bytes:
    """What is kept of a token or code: they are long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def _encoded(material: bytes) -> str:
    return base64.urlsafe_b64encode(material).decode().rstrip("=")


def _derived(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, "sha256")
