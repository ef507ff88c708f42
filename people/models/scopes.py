"""Scopes, and who belongs to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment, one_of


class Scope(Model):
    """What a post is addressed to. A site's or zone's scope has the id of the place."""

    __tablename__ = "scopes"
    __table_args__ = (
        CheckConstraint(one_of("kind", "organisation", "site", "zone", "group", "direct"), name="kind"),
        CheckConstraint(one_of("admission", "assigned", "present", "open"), name="admission"),
        CheckConstraint(one_of("history", "since_entry", "all"), name="history"),
        CheckConstraint("grace_seconds BETWEEN 0 AND 86400", name="grace"),
        CheckConstraint(one_of("push_content", "place", "sender", "full", "id"), name="push_content"),
        Index("ix_scopes_organisation", "organisation_id", "kind"),
        Index("ix_scopes_parent", "parent_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("scopes.id"))
    name: Mapped[str] = mapped_column(Text)
    admission: Mapped[str] = mapped_column(Text)
    history: Mapped[str] = mapped_column(Text, server_default="all")
    grace_seconds: Mapped[int] = mapped_column(Integer, server_default="900")
    receipts_since: Mapped[datetime | None] = moment()  # who has read what is shown from here on
    # How much pushes let out; None: as the organisation says.
    push_content: Mapped[str | None] = mapped_column(Text)
    # Of a direct conversation: who took the others into it.
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime] = moment(default=True)
    archived_at: Mapped[datetime | None] = moment()

    @property
    def read_receipts(self) -> bool:
        """Whether the scope shows who has read what."""
        return self.receipts_since is not None


class Membership(Model):
    """A person's part in a scope. `ends_at`: when the grace time after leaving, or a visitor's day, is over."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint(one_of("role", "member", "manager"), name="role"),
        CheckConstraint(one_of("source", "assigned", "joined", "presence"), name="source"),
        CheckConstraint(one_of("level", "all", "mentions", "announcements", "nothing"), name="level"),
        Index(
            "uq_memberships_live",
            "person_id",
            "scope_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_memberships_live_by_scope", "scope_id", postgresql_where=text("ended_at IS NULL")),
        # What somebody wanted of a scope when they were in it last.
        Index("ix_memberships_last", "person_id", "scope_id", "started_at"),
        Index(
            "ix_memberships_ends_at",
            "ends_at",
            postgresql_where=text("ended_at IS NULL AND ends_at IS NOT NULL"),
        ),
        Index(
            "ix_memberships_role_ends_at",
            "role_ends_at",
            postgresql_where=text("ended_at IS NULL AND role_ends_at IS NOT NULL"),
        ),
        Index(
            "ix_memberships_managers",
            "organisation_id",
            "id",
            postgresql_where=text("role = 'manager' AND ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    role: Mapped[str] = mapped_column(Text, server_default="member")
    # When a manager is a member again, and who gave the membership its role.
    role_ends_at: Mapped[datetime | None] = moment()
    role_given_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    source: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text, server_default="all")
    muted_until: Mapped[datetime | None] = moment()
    started_at: Mapped[datetime] = moment()
    ends_at: Mapped[datetime | None] = moment()
    ended_at: Mapped[datetime | None] = moment()


class DirectDeparture(Model):
    """That a person left a direct conversation: nobody takes them into it again, nor does who did so into others."""

    __tablename__ = "direct_departures"
    __table_args__ = (Index("ix_direct_departures_person", "person_id", "refused_id"),)

    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    # Who had taken them in; None once the person has opened a conversation with them.
    refused_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    left_at: Mapped[datetime] = moment()
