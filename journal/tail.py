"""Reading the journal. A position once read is never preceded by something new, so a cursor cannot skip.

Every reader gets payloads in the present shape of their types: `present` lifts the older ones, here and nowhere else.

Readers of one organisation (sync, live) follow `position`; the product's own readers (push) follow `seq`, which
orders all organisations, and keep it in the database.

A position is of an epoch: after a restore the same positions are given to other events, in another epoch. Whoever keeps
a position in memory, or gives it out, has the epoch beside it, read in the same statement. A `seq` that is kept in the
database is restored with it.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.dialects.postgresql import psycopg2
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow, table_of
from base.listen import Listener
from base.logs import logger
from journal.catalogue import CATALOGUE
from journal.event_types import EventType, Payload
from journal.models import JournalCursor, JournalEpoch, JournalHead, JournalRow, OutboxRow
from journal.order import position_of
from journal.waiters import Addressed

log = logger(__name__)
journal = table_of(JournalRow)
READ_LIMIT = 1_000
EVENT_COLUMNS = (
    journal.c.organisation_id,
    journal.c.position,
    journal.c.seq,
    journal.c.event_id,
    journal.c.type,
    journal.c.version,
    journal.c.scope_id,
    journal.c.person_id,
    journal.c.actor_id,
    journal.c.subject_id,
    journal.c.about_id,
    journal.c.payload,
    journal.c.occurred_at,
    position_of(journal.c.subject_id).label("subject_position"),
)

_heads = table_of(JournalHead)
_epochs = table_of(JournalEpoch)
EPOCH = select(_epochs.c.id).scalar_subquery()
_HEAD = select(_heads.c.position).where(_heads.c.organisation_id == bindparam("organisation_id"))
_WAITING = select(func.count(OutboxRow.id)).where(OutboxRow.organisation_id == bindparam("organisation_id"))
_TO_COME = select(func.coalesce(_HEAD.scalar_subquery(), 0) + _WAITING.scalar_subquery())
_HEAD_AND_EPOCH = select(func.coalesce(_HEAD.scalar_subquery(), 0), EPOCH)

_NEXT = (
    select(*EVENT_COLUMNS)
    .where(journal.c.organisation_id == bindparam("organisation_id"), journal.c.position > bindparam("after"))
    .order_by(journal.c.position)
    .limit(bindparam("limit"))
)
_NEXT_OF_ALL = (
    select(*EVENT_COLUMNS)
    .where(journal.c.seq > bindparam("after"))
    .order_by(journal.c.seq)
    .limit(bindparam("limit"))
)
_CURSOR = select(JournalCursor.seq).where(JournalCursor.reader == bindparam("reader"))
_CLAIM = _CURSOR.with_for_update(skip_locked=True)
_next = _NEXT.subquery("next")
# One row at least, so that the epoch is told also where nothing follows.
_FOLLOW = select(_epochs.c.id.label("epoch"), *_next.c).select_from(_epochs.outerjoin(_next, true()))
_FOLLOW_SQL = str(_FOLLOW.order_by(_next.c.position).compile(dialect=psycopg2.dialect()))
_addressed = (
    select(journal.c.position, func.coalesce(journal.c.person_id, journal.c.scope_id).label("address"))
    .where(journal.c.organisation_id == bindparam("organisation_id"), journal.c.position > bindparam("after"))
    .order_by(journal.c.position)
    .limit(bindparam("limit"))
    .subquery("next")
)
_ADDRESSES = select(_epochs.c.id.label("epoch"), *_addressed.c).select_from(
    _epochs.outerjoin(_addressed, true())
)
_ADDRESSES_SQL = str(_ADDRESSES.order_by(_addressed.c.position).compile(dialect=psycopg2.dialect()))


class Head(NamedTuple):
    """The last position of an organisation's journal, 0 when it is empty, and the epoch that it is of."""

    position: int
    epoch: UUID


class Stretch(NamedTuple):
    """What follows on a position, and the epoch in which it does."""

    epoch: UUID
    rows: Sequence[AnyRow]


def present(rows: Sequence[Any]) -> Sequence[Any]:
    """Rows of `EVENT_COLUMNS` with their payloads in the present shape; those that are in it already as they are."""
    return [_in_present_shape(row) for row in rows]


def _in_present_shape(row: Any) -> Any:
    declared = CATALOGUE.get(row.type)
    if declared is None or declared.is_erased(row.payload) or declared.is_present(row.payload, row.version):
        return row
    lifted = _lifted(declared, row)
    return SimpleNamespace(**{**row._asdict(), "payload": lifted, "unreadable": lifted is None})


def is_unreadable(row: Any) -> bool:
    """Whether an event is given as an empty one because it could not be lifted, though it is all there."""
    return getattr(row, "unreadable", False)


def _lifted(declared: EventType, row: Any) -> Payload | None:
    """None where it fails: one event must not hold up all that come after it, and readers know what is empty."""
    try:
        return declared.lifted(row.payload, row.version, row.about_id)
    except Exception as error:
        log.error("event_not_lifted", event_id=str(row.event_id), type=row.type, error=type(error).__name__)
        return None


def is_erased(row: AnyRow) -> bool:
    """Whether an event's payload was emptied; then nothing can be done for it any more."""
    declared = CATALOGUE.get(row.type)
    return row.payload is None if declared is None else declared.is_erased(row.payload)


def wire_event(row: AnyRow) -> dict[str, Any]:
    """An event as sync and live send it; `data` is the subject in wire form, None when it was erased.

    Then `subject_id` says what it was about, as the id that `data` had: whoever holds that thing knows which to let go.
    """
    event = {
        "id": str(row.event_id),
        "position": row.position,
        "type": row.type,
        "occurred_at": clock.wire(row.occurred_at),
        "scope_id": None if row.scope_id is None else str(row.scope_id),
        "actor_id": None if row.actor_id is None else str(row.actor_id),
        "data": row.payload,
    }
    return event if row.payload is not None else event | {"subject_id": str(row.subject_id)}


def head_position(session: Session, organisation_id: UUID) -> int:
    """The last position of an organisation's journal; 0 when it is empty."""
    return session.scalar(_HEAD, {"organisation_id": organisation_id}) or 0


def position_to_come(session: Session, organisation_id: UUID) -> int:
    """Where an organisation's journal will end when it has told of all that is committed by now."""
    return session.execute(_TO_COME, {"organisation_id": organisation_id}).scalar_one()


def head_in_epoch(session: Session, organisation_id: UUID) -> Head:
    """Where an organisation's journal ends, in which epoch."""
    return Head(*session.execute(_HEAD_AND_EPOCH, {"organisation_id": organisation_id}).one())


def wire_head(head: Head) -> dict[str, Any]:
    """A head beside what was read as of it."""
    return {"position": head.position, "epoch": str(head.epoch)}


def present_epoch(session: Session) -> UUID:
    """The epoch that positions are given in now."""
    return session.execute(select(_epochs.c.id)).scalar_one()


def oldest_position(session: Session, organisation_id: UUID) -> int | None:
    """The first position that is still kept; None when nothing is."""
    return session.scalar(
        select(func.min(journal.c.position)).where(journal.c.organisation_id == organisation_id)
    )


def read_organisation(
    session: Session, organisation_id: UUID, after: int, limit: int = READ_LIMIT
) -> Sequence[AnyRow]:
    """The next events of one organisation, in order."""
    values = {"organisation_id": organisation_id, "after": after, "limit": limit}
    return present(session.execute(_NEXT, values).all())


def follow_organisation(listener: Listener, organisation_id: UUID, after: int) -> Stretch:
    """The same, by a reader that is woken for every event: on the connection that it is woken by."""
    values = {"organisation_id": str(organisation_id), "after": after, "limit": READ_LIMIT}
    rows = listener.read(organisation_id, _FOLLOW_SQL, values)
    return Stretch(rows[0].epoch, present([row for row in rows if row.position is not None]))


def follow_addresses(
    listener: Listener, organisation_id: UUID, after: int
) -> tuple[UUID, Sequence[Addressed]]:
    """The epoch, and to whom the next events are addressed: all that one needs who only wakes others."""
    values = {"organisation_id": str(organisation_id), "after": after, "limit": READ_LIMIT}
    rows = listener.read(organisation_id, _ADDRESSES_SQL, values)
    return rows[0].epoch, [Addressed(row.position, row.address) for row in rows if row.position is not None]


def read_all(session: Session, after: int, limit: int = READ_LIMIT) -> Sequence[AnyRow]:
    """The next events of all organisations by `seq`; for the worker's role."""
    return present(session.execute(_NEXT_OF_ALL, {"after": after, "limit": limit}).all())


def claim_cursor(session: Session, reader: str) -> int | None:
    """Lock a durable reader's cursor until the transaction ends, and return its `seq`.

    A new reader starts at the journal's present end. None: another process holds it.
    """
    mine = {"reader": reader}
    if (seq := session.scalar(_CLAIM, mine)) is not None or session.scalar(_CURSOR, mine) is not None:
        return seq
    newest = select(func.coalesce(func.max(journal.c.seq), 0)).scalar_subquery()
    session.execute(upsert(JournalCursor).values(reader=reader, seq=newest).on_conflict_do_nothing())
    # Not by the upsert: it would wait for another process that has just moved the cursor.
    return session.scalar(_CLAIM, mine)


def move_cursor(session: Session, reader: str, seq: int) -> None:
    """Record how far a reader has come, in the transaction that holds what it did."""
    moved = update(JournalCursor).where(JournalCursor.reader == reader)
    session.execute(moved.values(seq=seq, updated_at=clock.now()))
