"""What is kept of who was online."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model


class LastSeen(Model):
    """When somebody who shows it was last connected, to the minute."""

    __tablename__ = "last_seen"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
