"""The hash chain that makes the journal tamper-evident.

    digest = SHA-256(salt ‖ payload)            hash = SHA-256(previous hash ‖ header ‖ digest)

The chain covers a salted digest and not the payload itself: a person's words can be erased where law asks for it
(the payload becomes NULL) and every later hash still verifies, while the salt keeps the words from being guessed.

What must survive erasing (`EventType.survives`) is hashed in clear with the header, and the digest is that of the rest.
The header names the version of the payload's shape where it is another than the first.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from base.database import table_of
from journal.catalogue import CATALOGUE
from journal.checkpoints import Seal, checkpoints, fault_of
from journal.event_types import Payload
from journal.models import JournalCheckpoint, JournalHead, JournalRow

GENESIS = bytes(32)
SALT_BYTES = 16


class Chained(Protocol):
    """The members of an event that the chain protects."""

    organisation_id: UUID
    event_id: UUID
    type: str
    version: int
    scope_id: UUID | None
    person_id: UUID | None
    actor_id: UUID | None
    subject_id: UUID
    occurred_at: Any
    payload: Payload | None


def parted(row: Chained) -> tuple[Payload, Payload | None]:
    """What of a row's payload survives erasing, and the rest; None where that was erased."""
    declared = CATALOGUE.get(row.type)
    if declared is None or row.payload is None:
        return {}, row.payload
    survivors = declared.surviving(row.payload, row.version)
    if not survivors:
        return {}, row.payload
    rest = {name: value for name, value in row.payload.items() if name not in survivors}
    return survivors, rest or None


def payload_digest(salt: bytes, payload: Payload | None) -> bytes:
    """The salted digest of a payload, independent of the order of its keys."""
    return hashlib.sha256(salt + orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).digest()


def link(previous: bytes, position: int, row: Chained, survivors: Payload, digest: bytes) -> bytes:
    """The hash of the event at `position`, given its predecessor's."""
    header: list[Any] = [
        position,
        row.organisation_id,
        row.event_id,
        row.type,
        row.scope_id,
        row.person_id,
        row.actor_id,
        row.subject_id,
        clock.wire(row.occurred_at),
    ]
    if row.version != 1:
        header.append(row.version)
    if survivors:
        header.append(survivors)
    return hashlib.sha256(previous + orjson.dumps(header, option=orjson.OPT_SORT_KEYS) + digest).digest()


@dataclass(frozen=True)
class ChainCheck:
    """What checking one organisation's chain found; `fault` is None when all is well."""

    organisation_id: UUID
    positions: int
    fault: str | None


class Walked(NamedTuple):
    """How far the rows are sound, the hash of the last of those, and what is wrong with the next."""

    position: int
    hash: bytes
    fault: str | None


def verify(
    session: Session, organisation_id: UUID, batch: int = 5_000, *, seal: Seal | None = None
) -> ChainCheck:
    """Walk an organisation's journal from its first row to its head; stops at the first fault.

    Where months were dropped it begins at the last checkpoint, which `seal` has to know.
    """
    start = checkpoints(session, organisation_id)
    if fault := fault_of(start, seal):
        return ChainCheck(organisation_id, 0, fault)
    walked = walk(session, organisation_id, start, batch=batch)
    fault, head = walked.fault, session.get(JournalHead, organisation_id)
    if fault is None and head is not None and (head.position, head.hash) != (walked.position, walked.hash):
        fault = f"the head is at {head.position}, the rows end at {walked.position}"
    return ChainCheck(organisation_id, walked.position, fault)


def walk(
    session: Session,
    organisation_id: UUID,
    start: Sequence[JournalCheckpoint],
    *,
    until: int | None = None,
    batch: int = 5_000,
) -> Walked:
    """Follow the chain from the last of these checkpoints, or from its beginning, to its end or to a position."""
    position, previous = (start[-1].position, start[-1].hash) if start else (0, GENESIS)
    while rows := _rows_after(session, organisation_id, position, until, batch):
        for row in rows:
            if fault := _fault(row, position + 1, previous):
                return Walked(position, previous, fault)
            position, previous = row.position, row.hash
    short = until is not None and position < until
    return Walked(position, previous, f"position {position + 1} is missing" if short else None)


def organisations(session: Session) -> Iterable[UUID]:
    """All organisations that have a journal."""
    return session.scalars(select(JournalHead.organisation_id).order_by(JournalHead.organisation_id)).all()


def _rows_after(
    session: Session, organisation_id: UUID, position: int, until: int | None, limit: int
) -> list[Any]:
    table = table_of(JournalRow)
    query = select(table).where(table.c.organisation_id == organisation_id, table.c.position > position)
    if until is not None:
        query = query.where(table.c.position <= until)
    return list(session.execute(query.order_by(table.c.position).limit(limit)))


def _fault(row: Any, expected: int, previous: bytes) -> str | None:
    if row.position != expected:
        return f"position {expected} is missing, {row.position} follows"
    survivors, rest = parted(row)
    if rest is not None and payload_digest(row.salt, rest) != row.digest:
        return f"the payload at position {expected} was changed"
    if link(previous, expected, row, survivors, row.digest) != row.hash:
        return f"the chain breaks at position {expected}"
    return None
