"""What a service may, and until when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_AT = DateTime(timezone=True)


class Service(Model):
    """A program with a token, of which the digest is kept. What it writes is under the name of the person of its id."""

    __tablename__ = "services"
    __table_args__ = (
        Index("uq_services_token_digest", "token_digest", unique=True),
        Index("ix_services_made", "organisation_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scope_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(_AT)
    last_used_at: Mapped[datetime | None] = mapped_column(_AT)
    ended_at: Mapped[datetime | None] = mapped_column(_AT)
