"""The table of the audit log. Its rows are written once, and deleted when their time is over."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model


def _index(of: str, where: str | None = None) -> Index:
    """What is searched by one column, newest first."""
    where = where or f"{of} IS NOT NULL"
    return Index(
        f"ix_audit_entries_{of.removesuffix('_id')}",
        "organisation_id",
        *(() if of == "result" else (of,)),
        text("at DESC"),
        text("id DESC"),
        postgresql_where=text(where),
    )


class AuditEntry(Model):
    """One entry. No key leads elsewhere: it stays as it was written, whatever becomes of what it is about.

    `person_id` is whom it concerns. What a name that is nobody's organisation was tried with is kept, too, under an id
    that no organisation has: it must not take less time than any other.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("result IN ('done', 'refused')", name="result"),
        Index("ix_audit_entries_at", "organisation_id", text("at DESC"), text("id DESC")),
        Index("ix_audit_entries_action", "organisation_id", "action", text("at DESC"), text("id DESC")),
        _index("person_id"),
        _index("actor_id"),
        _index("subject_id"),
        _index("result", "result = 'refused'"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    action: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    subject_kind: Mapped[str | None] = mapped_column(Text)
    subject_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(INET)
    device_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    agent: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
