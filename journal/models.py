"""Tables of the journal. See `journal/relay.py` for how a row travels from the outbox into the journal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from journal.catalogue import AUDIT_RECORDED, POST_CREATED

_SAYING = text(f"type = '{POST_CREATED.name}'")
_AUDITED = text(f"type = '{AUDIT_RECORDED.name}'")
# What reaches nobody names none.
_ONE_AUDIENCE = (
    f"num_nonnulls(scope_id, person_id) = CASE type WHEN '{AUDIT_RECORDED.name}' THEN 0 ELSE 1 END"
)


class OutboxRow(Model):
    """An event that its transaction has written and the relay has not yet moved; the columns are the journal's.

    `id` is drawn anew as the transaction commits, so that events go into the journal as they became visible.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(_ONE_AUDIENCE, name="one_audience"),
        Index("ix_outbox_said", "scope_id", "subject_id", postgresql_where=_SAYING),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organisation_id: Mapped[UUID]
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    scope_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    subject_id: Mapped[UUID]
    about_id: Mapped[UUID | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class JournalRow(Model):
    """One event at its place. `seq` orders all organisations (for the product's own readers), `position` one.

    `version` is that of the payload's shape. `about_id` is the place by whose rules the payload is emptied in time, and
    goes with it (`journal/erasing.py`).
    """

    __tablename__ = "journal"
    __table_args__ = (
        CheckConstraint(_ONE_AUDIENCE, name="one_audience"),
        Index("ix_journal_seq", "seq"),
        Index("ix_journal_scope_position", "scope_id", "position"),
        Index("ix_journal_person_position", "person_id", "position"),
        Index("ix_journal_audit", "organisation_id", "position", postgresql_where=_AUDITED),
        Index("ix_journal_about", "about_id", "occurred_at", postgresql_where=text("about_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    scope_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    subject_id: Mapped[UUID]
    about_id: Mapped[UUID | None]
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class JournalHead(Model):
    """The last position and hash of an organisation; the relay locks it, so positions are gapless.

    `placed` is up to where the positions of subjects are written down: the head itself, unless a relay of an earlier
    release moved it.
    """

    __tablename__ = "journal_heads"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    placed: Mapped[int] = mapped_column(BigInteger, server_default="0")


class SubjectPosition(Model):
    """Where the journal first told of a post or a membership (`journal/order.py`); it outlives the event itself."""

    __tablename__ = "subject_positions"
    __table_args__ = (
        # What was said in a scope, in the journal's order; it carries the organisation for row-level security.
        Index(
            "ix_subject_positions_said",
            "scope_id",
            "position",
            postgresql_include=["subject_id", "organisation_id"],
            postgresql_where=text("scope_id IS NOT NULL"),
        ),
    )

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    scope_id: Mapped[UUID | None]
    position: Mapped[int] = mapped_column(BigInteger)


class NamingPosition(Model):
    """Where the journal first told that a post names a person."""

    __tablename__ = "naming_positions"
    __table_args__ = (
        Index(
            "ix_naming_positions_named",
            "person_id",
            "scope_id",
            "position",
            postgresql_include=["subject_id", "organisation_id"],
        ),
    )

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    scope_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(BigInteger)


class JournalEpoch(Model):
    """Which life of the journal positions belong to: one row. It is made anew where positions are given again."""

    __tablename__ = "journal_epoch"
    __table_args__ = (CheckConstraint("sole", name="sole"),)

    sole: Mapped[bool] = mapped_column(primary_key=True, server_default=true())
    id: Mapped[UUID]
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class JournalCursor(Model):
    """How far a durable reader has come, as a `seq`."""

    __tablename__ = "journal_cursors"

    reader: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class JournalCheckpoint(Model):
    """Up to `position` an organisation's events were dropped, `events` of them since the checkpoint before this one.

    `hash` is that of the last; `signature` covers all of it (`journal/checkpoints.py`).
    """

    __tablename__ = "journal_checkpoints"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    events: Mapped[int] = mapped_column(BigInteger)
    dropped_before: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    key: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
