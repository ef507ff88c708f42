"""Tables of the journal. See `journal/relay.py` for how a row travels from the outbox into the journal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_OF_PRESENCE = (
    "split_part(type, '.', 1) IN ('visit', 'muster', 'membership')"
    " AND coalesce(payload ->> 'source', '') NOT IN ('assigned', 'joined')"
)
_ONE_AUDIENCE = "num_nonnulls(scope_id, person_id) = 1"


class OutboxRow(Model):
    """An event that its transaction has written and the relay has not yet moved."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(_ONE_AUDIENCE, name="one_audience"),
        Index("ix_outbox_starting", "person_id", postgresql_where=text("type = 'membership.started'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organisation_id: Mapped[UUID]
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    scope_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    subject_id: Mapped[UUID]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class JournalRow(Model):
    """One event at its place. `seq` orders all organisations (for the product's own readers), `position` one."""

    __tablename__ = "journal"
    __table_args__ = (
        CheckConstraint(_ONE_AUDIENCE, name="one_audience"),
        Index("ix_journal_seq", "seq"),
        Index("ix_journal_scope_position", "scope_id", "position"),
        Index("ix_journal_person_position", "person_id", "position"),
        # For erasing what was said of a place (`journal/erasing.py`).
        Index(
            "ix_journal_about",
            text("coalesce(payload ->> 'place_id', payload ->> 'scope_id')"),
            "occurred_at",
            postgresql_where=text(_OF_PRESENCE),
        ),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    scope_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    subject_id: Mapped[UUID]
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class JournalHead(Model):
    """The last position and hash of an organisation; the relay locks it, so positions are gapless."""

    __tablename__ = "journal_heads"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class JournalCursor(Model):
    """How far a durable reader has come, as a `seq`."""

    __tablename__ = "journal_cursors"

    reader: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
