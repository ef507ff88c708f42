"""The two tokens of a session.

An access token is a signed statement (JWT, HS256, `typ` "at+jwt") that lasts a quarter of an hour at most and names the
session; the session's row is still looked at with every request, so ending a session ends its access tokens at once. It
names the key that it was signed with (`keys.py`). What is signed by a key that is not known any more, is too old, or
comes from a clock that is ahead, is answered as a token that is over: the app refreshes it, and only the refresh token
decides whether somebody has to sign in again. What says that it is another kind of token is none.

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
from datetime import datetime
from typing import Any
from uuid import UUID

from base.keys import named
from people.sign_in.keys import ACCESS, Keys
from people.sign_in.statements import Kind, read, signed

_ACCESS = Kind("at+jwt", "hereabouts/api", ACCESS)


@dataclass(frozen=True)
class AccessClaims:
    """What an access token says; `expires_at` in unix seconds.

    Of a service's token, which says nothing: its digest, and the service's id in the place of a session's.
    """

    session_id: UUID
    organisation_id: UUID
    expires_at: float = 0.0
    token_digest: bytes | None = None


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
    """Makes tokens with the installation's keys, and reads those that were made with them or with former ones."""

    def __init__(
        self, secret: str, access_ttl: int, former: str | None = None, keys: Keys | None = None
    ) -> None:
        self.keys = keys or Keys(secret, former)
        self._refresh_keys = list(named(secret, former, b"refresh token").values())
        self.access_ttl = access_ttl

    def access_token(self, session_id: UUID, organisation_id: UUID, at: datetime) -> str:
        """A token for the session, valid for `access_ttl` seconds from `at`."""
        claims = {"sid": str(session_id), "org": str(organisation_id)}
        return signed(self.keys, _ACCESS, claims, at, self.access_ttl)

    def read_access_token(self, token: str) -> AccessClaims:
        """What the token says; raises `TokenExpired` or `Unauthenticated`."""
        claims = read(self.keys, _ACCESS, token, "sid", "org")
        return AccessClaims(claims.ids[0], claims.ids[1], claims.expires_at)

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
