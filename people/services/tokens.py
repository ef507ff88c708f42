"""The token of a service: `hst_` and 32 random bytes, of which only the digest is kept.

    first seen, and once a minute ─▶ looked up, and noted that it was used
    every request ─▶ the service as it stands (`actor_of_service`): what ended, or has another token, is refused

A process remembers which tokens were good, and whose: to find that out, the organisation would have to be known. That
saves no check, for the request's own transaction asks for the service with the token's digest.
"""

import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from base import clock
from base.database import Database, table_of
from base.errors import Unauthenticated
from people.actor import Actor, Grant
from people.models import Person
from people.permissions import SERVICE, Permission
from people.services.models import Service
from people.sign_in.asking import actor_of
from people.sign_in.tokens import AccessClaims, digest, first_refresh_token

PREFIX = "hst_"
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_LOOKED_UP_EVERY_S = 60.0
_MOST_REMEMBERED = 10_000
_LOOK_UP = text("SELECT organisation_id, service_id FROM service_of_token(:digest)")
_services, _persons = table_of(Service), table_of(Person)
_PRESENT = (
    select(_services.c.id, _services.c.permissions, _services.c.scope_ids, _persons.c.locale)
    .join(_persons, _persons.c.id == _services.c.id)
    .where(
        _services.c.id == bindparam("service"),
        _services.c.ended_at.is_(None),
        _services.c.expires_at > bindparam("now"),
    )
)
_WITH_ITS_TOKEN = _PRESENT.where(_services.c.token_digest == bindparam("digest"))


def new_token() -> str:
    """A fresh one."""
    return PREFIX + first_refresh_token()


class ServiceTokens:
    """Reads the tokens of services, for one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, tuple[AccessClaims, float]] = {}

    def read(self, token: str, check_guesses: Callable[[], None]) -> AccessClaims:
        """Whose it is; raises `Unauthenticated`. `check_guesses` is asked before a token is looked up that was never
        good here, and may raise."""
        if not _FORM.fullmatch(token):
            raise Unauthenticated
        given = digest(token)
        claims, looked_s = self._known.get(given, (None, 0.0))
        if claims is not None and time.monotonic() - looked_s < _LOOKED_UP_EVERY_S:
            return claims
        if claims is None:
            check_guesses()
        return self._looked_up(given)

    def _looked_up(self, given: bytes) -> AccessClaims:
        with self._database.transaction() as session:
            row = session.execute(_LOOK_UP, {"digest": given}).one_or_none()
        if row is None:
            self._known.pop(given, None)
            raise Unauthenticated
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        claims = AccessClaims(row.service_id, row.organisation_id, token_digest=given)
        self._known[given] = claims, time.monotonic()
        return claims


def is_service_token(token: str) -> bool:
    """Whether it means to be one."""
    return token.startswith(PREFIX)


def actor_of_claims(session: Session, claims: AccessClaims, address: str | None) -> Actor:
    """Who asks from a network address, as they stand now: a person's session, or a service.

    Raises as `actor_of` does.
    """
    if claims.token_digest is None:
        return actor_of(session, claims, address)
    given = {"service": claims.session_id, "digest": claims.token_digest, "now": clock.now()}
    return _actor(claims.organisation_id, session.execute(_WITH_ITS_TOKEN, given).one_or_none())


def actor_now(session: Session, actor: Actor, address: str | None) -> Actor:
    """Somebody who asked a while ago from a network address, as they stand now; raises as `actor_of` does."""
    if not actor.is_service:
        return actor_of(session, AccessClaims(actor.session_id, actor.organisation_id), address)
    given = {"service": actor.person_id, "now": clock.now()}
    return _actor(actor.organisation_id, session.execute(_PRESENT, given).one_or_none())


def _actor(organisation_id: UUID, row: Any) -> Actor:
    """A service has neither session nor device: where somebody else has those, it has its own id."""
    if row is None:
        raise Unauthenticated
    permissions = frozenset(map(Permission, row.permissions))
    return Actor(
        person_id=row.id,
        organisation_id=organisation_id,
        session_id=row.id,
        device_id=row.id,
        role=SERVICE,
        locale=row.locale,
        grants=tuple(Grant(scope_id, permissions) for scope_id in row.scope_ids),
    )
