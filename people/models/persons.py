"""Persons: accounts of one organisation."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment, one_of


class Person(Model):
    """An account in one organisation."""

    __tablename__ = "persons"
    __table_args__ = (
        CheckConstraint(one_of("role", "member", "visitor", "organisation_administrator"), name="role"),
        CheckConstraint(one_of("last_seen", "nobody", "colleagues"), name="last_seen"),
        CheckConstraint("employed_from <= employed_until", name="employed"),
        Index("ix_persons_ends_at", "ends_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_persons_employed_until", "employed_until", postgresql_where=text("ended_at IS NULL")),
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
    # That of the identifiers which is shown: the oldest address. `people/accounts/identifiers.py` alone writes it.
    email: Mapped[str | None] = mapped_column(Text)
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
    # What an employer knows of somebody, and colleagues are not shown.
    given_name: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    manager_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    home_site_id: Mapped[UUID | None] = mapped_column(ForeignKey("scopes.id", use_alter=True))
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    # First and last day. When the last one is over where the person works, the account ends by itself.
    employed_from: Mapped[date | None] = mapped_column(Date)
    employed_until: Mapped[date | None] = mapped_column(Date)


class Employment(Model):
    """A time that somebody belonged to the organisation, and that is over: leaving and returning is one person."""

    __tablename__ = "employments"
    __table_args__ = (
        CheckConstraint(one_of("reason", "account_closed", "employment_over"), name="reason"),
        Index("ix_employments_person", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    began_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
