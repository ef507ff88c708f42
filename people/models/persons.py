"""Persons: accounts of one organisation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment, one_of


class Person(Model):
    """An account in one organisation."""

    __tablename__ = "persons"
    __table_args__ = (
        CheckConstraint(
            one_of("role", "member", "visitor", "organisation_administrator", "service"), name="role"
        ),
        CheckConstraint(one_of("last_seen", "nobody", "colleagues"), name="last_seen"),
        # A closed account keeps its address, and frees it.
        Index(
            "uq_persons_email",
            "organisation_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_persons_ends_at", "ends_at", postgresql_where=text("ended_at IS NULL")),
        Index(
            "ix_persons_role_ends_at",
            "role_ends_at",
            postgresql_where=text("ended_at IS NULL AND role_ends_at IS NOT NULL"),
        ),
        # As lists page through them; and those who hear of what no manager hears, beside many more members.
        Index("ix_persons_made", "organisation_id", "created_at", "id"),
        Index(
            "ix_persons_administrators",
            "organisation_id",
            postgresql_where=text("role = 'organisation_administrator' AND ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, server_default="member")
    # When an administrator is a member again, and who made them one.
    role_ends_at: Mapped[datetime | None] = moment()
    role_given_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    locale: Mapped[str] = mapped_column(Text, server_default="en")
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    # Who is shown whether the person is online, and when they were last seen.
    last_seen: Mapped[str] = mapped_column(Text, server_default="nobody")
    created_at: Mapped[datetime] = moment(default=True)
    # Where the journal stood then: what the organisation heard before is not unread.
    joined_position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # A visitor's account closes by itself.
    ends_at: Mapped[datetime | None] = moment()
    ended_at: Mapped[datetime | None] = moment()
