"""What people sign in with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment, one_of


class Identifier(Model):
    """An e-mail address, telephone number, employee number or user name, good in the whole organisation.

    `value` is the one form in which it is compared, `written` what somebody typed. The forms of the kinds are apart,
    so that one text names one person, whatever kind it is of.
    """

    __tablename__ = "identifiers"
    __table_args__ = (
        CheckConstraint(one_of("kind", "email", "phone", "employee_number", "username"), name="kind"),
        Index(
            "uq_identifiers_value",
            "organisation_id",
            "value",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_identifiers_person", "person_id"),
        # Whether somebody who left had it.
        Index(
            "ix_identifiers_former",
            "organisation_id",
            "value",
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    kind: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    written: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = moment(default=True)
    # When the person showed that it reaches them.
    verified_at: Mapped[datetime | None] = moment()
    # Taken away, or the account was closed: somebody else may have it.
    ended_at: Mapped[datetime | None] = moment()
