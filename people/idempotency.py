"""Doing a repeated request once.

The key's row is inserted in the request's own transaction: a concurrent twin waits on the unique index until the
first has committed, and then gets its answer. A refusal rolls the row back with everything else, so a corrected
request may use the key again.

A key is kept 7 days, for phones that come out of a basement after a weekend, and bound to the person, the route with
its query, and the body.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.database import table_of
from base.errors import Invalid
from people.actor import Actor
from people.models import IdempotencyKey

KEPT = timedelta(days=7)
_table = table_of(IdempotencyKey)


class KeyReused(Invalid):
    """The key was used for another request."""

    code, title = "idempotency_key_reused", "This Idempotency-Key was used for another request"


def check_key(key: str) -> str:
    """A key of 1 to 200 visible ASCII characters, or `Invalid`."""
    if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise Invalid(
            "Idempotency-Key must be 1 to 200 visible ASCII characters.", code="idempotency_key_invalid"
        )
    return key


def stored_answer(session: Session, actor: Actor, key: str, route: str, body: bytes) -> IdempotencyKey | None:
    """Claim the key for this request (None), or the answer that it got before; raises `KeyReused`."""
    asked = _digest(route, body)
    claimed = session.execute(
        insert(IdempotencyKey)
        .values(
            person_id=actor.person_id,
            organisation_id=actor.organisation_id,
            key=key,
            route=route,
            digest=asked,
        )
        .on_conflict_do_nothing()
        .returning(_table.c.key)
    ).one_or_none()
    if claimed:
        return None
    row = session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.person_id == actor.person_id, IdempotencyKey.key == key)
    ).one()
    return _same(row, asked)


def release(session: Session, actor: Actor, key: str) -> None:
    """Take a claim back: a refusal that keeps its changes is no answer to give again."""
    mine = (IdempotencyKey.person_id == actor.person_id, IdempotencyKey.key == key)
    session.execute(delete(IdempotencyKey).where(*mine))


def stored_answers(session: Session, actor: Actor, keys: Sequence[str]) -> dict[str, IdempotencyKey]:
    """What was answered to these keys, for one who does many things and keeps twins of them away."""
    known = select(IdempotencyKey).where(
        IdempotencyKey.person_id == actor.person_id, IdempotencyKey.key.in_(keys)
    )
    return {row.key: row for row in session.scalars(known)}


def once(
    session: Session,
    actor: Actor,
    known: dict[str, IdempotencyKey],
    asked: tuple[str, str, bytes],
    act: Callable[[], tuple[int, dict[str, Any] | None]],
) -> tuple[IdempotencyKey, bool]:
    """What key, route and body (`asked`) got before, or what `act` gives now, and whether it is a repeat.

    `known` is from `stored_answers`, and learns what is done. Raises `KeyReused`.
    """
    key, route, body = asked
    digest = _digest(route, body)
    if key in known:
        return _same(known[key], digest), True
    status, answer = act()
    values = {"key": key, "route": route, "digest": digest, "status": status, "headers": {}, "body": answer}
    values |= {"person_id": actor.person_id, "organisation_id": actor.organisation_id}
    session.execute(insert(_table).values(values))
    known[key] = IdempotencyKey(**values)
    return known[key], False


def store_answer(
    session: Session,
    actor: Actor,
    key: str,
    status: int,
    headers: dict[str, str],
    body: dict[str, Any] | None,
) -> None:
    """Keep the answer beside the claim, in the same transaction."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.person_id == actor.person_id, IdempotencyKey.key == key)
        .values(status=status, headers=headers, body=body)
    )


def _digest(route: str, body: bytes) -> bytes:
    return hashlib.sha256(route.encode() + b"\n" + body).digest()


def _same(row: IdempotencyKey, digest: bytes) -> IdempotencyKey:
    if row.digest != digest:
        raise KeyReused
    return row


def forget_old_keys(session: Session) -> None:
    """Drop the keys that are older than a week."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT))
