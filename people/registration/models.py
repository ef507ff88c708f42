"""The tables of those who want to come in by themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_AT = DateTime(timezone=True)


class RegistrationRequest(Model):
    """What somebody asked for, sealed, until a worker looks at it; of no organisation yet, nor of a good one.

    The web's role may add to it, and read nothing.
    """

    __tablename__ = "registration_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now(), index=True)


class Registration(Model):
    """Somebody with an address of a good domain. A mail with a code was sent for each row that is `asked`.

    asked      until the code is given
    awaiting   it was given: an administrator decides
    opened, approved, refused
    """

    __tablename__ = "registrations"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'awaiting', 'opened', 'approved', 'refused')", name="state"),
        Index("ix_registrations_mailbox", "organisation_id", "mailbox", "created_at"),
        Index("ix_registrations_email", "organisation_id", "email", "installation_id"),
        Index(
            "uq_registrations_awaiting",
            "organisation_id",
            "email",
            unique=True,
            postgresql_where=text("state = 'awaiting'"),
        ),
        Index("ix_registrations_state", "organisation_id", "state", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    state: Mapped[str] = mapped_column(Text, server_default="asked")
    email: Mapped[str] = mapped_column(Text)
    # Whoever reads its mails reads these: the address without what follows a plus.
    mailbox: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    installation_id: Mapped[str] = mapped_column(Text)
    # None: there is an account already, and the mail said so; or a newer code took its place.
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(_AT)
    tries_left: Mapped[int] = mapped_column(Integer)
    # Kept while it waits for an administrator.
    password_hash: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    confirmed_at: Mapped[datetime | None] = mapped_column(_AT)
    decided_at: Mapped[datetime | None] = mapped_column(_AT)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
