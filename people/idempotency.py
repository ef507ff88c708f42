"""Doing a repeated request once.

The key's row is inserted in the request's own transaction: a concurrent twin waits on the unique index until the
first has committed, and then gets its answer. A refusal rolls the row back with everything else, so a corrected
request may use the key again.

The answer is not kept, but made again (`api/again.py`) from what is: its status and what holds no words and no secrets.

A key is kept 7 days, for phones that come out of a basement after a weekend, and bound to the person, the route with
its query, and the body.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
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
# What makes an answer again: ids, times, numbers, codes.
Kept = dict[str, Any] | None
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
    """Claim the key for this request (None), or what is kept of the answer of then; raises `KeyReused`."""
    asked = _digest(route, body)
    claimed = session.execute(
        insert(IdempotencyKey)
        .values(
            person_id=actor.person_id,
            organisation_id=actor.organisation_id,
            key=key,
            route=route.partition("?")[0],
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


def earlier(session: Session, actor: Actor, keys: Sequence[str]) -> dict[str, IdempotencyKey]:
    """What was done with these keys, for one who does many things and keeps twins of them away."""
    known = select(IdempotencyKey).where(
        IdempotencyKey.person_id == actor.person_id, IdempotencyKey.key.in_(keys)
    )
    return {row.key: row for row in session.scalars(known)}


@dataclass(frozen=True)
class Asked:
    """One of many things that are asked for in a request: its key, the route, and what it says."""

    key: str
    route: str
    body: bytes

    def before(self, known: dict[str, IdempotencyKey]) -> IdempotencyKey | None:
        """What is kept of it where it was done before; raises `KeyReused`."""
        row = known.get(self.key)
        return None if row is None else _same(row, _digest(self.route, self.body))


def remember(
    session: Session, actor: Actor, known: dict[str, IdempotencyKey], asked: Asked, status: int, kept: Kept
) -> None:
    """Keep that it was done; `known` learns it."""
    values = {"key": asked.key, "route": asked.route, "digest": _digest(asked.route, asked.body)}
    values |= {"status": status, "headers": {}, "body": kept}
    values |= {"person_id": actor.person_id, "organisation_id": actor.organisation_id}
    session.execute(insert(_table).values(values))
    known[asked.key] = IdempotencyKey(key=asked.key, digest=values["digest"], status=status, kept=kept)


def store_answer(
    session: Session, actor: Actor, key: str, status: int, headers: dict[str, str], kept: Kept
) -> None:
    """Keep beside the claim, in the same transaction, what makes the answer again."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.person_id == actor.person_id, IdempotencyKey.key == key)
        .values(status=status, headers=headers, kept=kept)
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
