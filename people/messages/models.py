"""The table of messages that wait to be sent, and of what became of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_AT = DateTime(timezone=True)


class Message(Model):
    """A mail or short message. Address and values are sealed, and emptied when it has gone or is given up."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("channel IN ('mail', 'sms')", name="channel"),
        Index("ix_messages_waiting", "channel", "expires_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_messages_organisation", "organisation_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    channel: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    due_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    # What it says is of no use after that, and is not sent any more.
    expires_at: Mapped[datetime] = mapped_column(_AT)
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    ended_at: Mapped[datetime | None] = mapped_column(_AT)
    outcome: Mapped[str | None] = mapped_column(Text)
