"""Roles that an organisation makes of permissions, and roles that people were given."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment

_LIVE = text("ended_at IS NULL")


class CustomRole(Model):
    """A role of one organisation's own making. One that is gone stays, since people had it."""

    __tablename__ = "custom_roles"
    __table_args__ = (
        Index(
            "uq_custom_roles_name",
            "organisation_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=_LIVE,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = moment(default=True)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    ended_at: Mapped[datetime | None] = moment()


class RoleGrant(Model):
    """That somebody was given a role, in a scope and its parts; in the organisation's own scope, everywhere.

    `role` is the key of one that there always is, or `custom_role_id` says which one of the organisation's.
    """

    __tablename__ = "role_grants"
    __table_args__ = (
        CheckConstraint("num_nonnulls(role, custom_role_id) = 1", name="one_role"),
        Index(
            "uq_role_grants_live",
            "person_id",
            "scope_id",
            text("coalesce(role, custom_role_id::text)"),
            unique=True,
            postgresql_where=_LIVE,
        ),
        Index("ix_role_grants_live", "organisation_id", "id", postgresql_where=_LIVE),
        Index("ix_role_grants_by_scope", "scope_id", postgresql_where=_LIVE),
        Index(
            "ix_role_grants_ends_at",
            "ends_at",
            postgresql_where=text("ended_at IS NULL AND ends_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"))
    role: Mapped[str | None] = mapped_column(Text)
    custom_role_id: Mapped[UUID | None] = mapped_column(ForeignKey("custom_roles.id"))
    # None: an operator.
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    given_at: Mapped[datetime] = moment(default=True)
    ends_at: Mapped[datetime | None] = moment()
    ended_at: Mapped[datetime | None] = moment()
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))

    @property
    def key(self) -> str:
        """The role's key, as it is on the wire."""
        return self.role or str(self.custom_role_id)
