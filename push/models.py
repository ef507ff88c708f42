"""Tables of push: one row for every (event, device) that is to be told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model


class Delivery(Model):
    """One notification to one device: queued → sending → sent, or failed for good."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'sending', 'sent', 'failed', 'expired', 'dropped')", name="status"
        ),
        UniqueConstraint("event_id", "device_id"),
        Index("ix_deliveries_due", "due_at", "id", postgresql_where=text("status IN ('queued', 'sending')")),
        Index("ix_deliveries_device", "device_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    event_id: Mapped[UUID]
    scope_id: Mapped[UUID | None]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id"))
    subject_id: Mapped[UUID]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, server_default="queued")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    # queued: when to try; sending: when the claim of a worker that died runs out
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    message_id: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
