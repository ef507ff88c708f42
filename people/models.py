"""Tables of people. Every row carries its organisation, which row-level security compares."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model


def _in(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _moment(*, default: bool = False, index: bool = False) -> Any:
    now = func.now() if default else None
    return mapped_column(DateTime(timezone=True), server_default=now, index=index or None)


class Organisation(Model):
    """The tenant. Its id is also the id of its own scope."""

    __tablename__ = "organisations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = _moment(default=True)


class Person(Model):
    """An account in one organisation."""

    __tablename__ = "persons"
    __table_args__ = (
        CheckConstraint(_in("role", "member", "visitor", "organisation_administrator"), name="role"),
        CheckConstraint(_in("last_seen", "nobody", "colleagues"), name="last_seen"),
        # A closed account keeps its address, and frees it.
        Index(
            "uq_persons_email",
            "organisation_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_persons_ends_at", "ends_at", postgresql_where=text("ended_at IS NULL")),
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
    locale: Mapped[str] = mapped_column(Text, server_default="en")
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    # Who is shown whether the person is online, and when they were last seen.
    last_seen: Mapped[str] = mapped_column(Text, server_default="nobody")
    created_at: Mapped[datetime] = _moment(default=True)
    # Where the journal stood then: what the organisation heard before is not unread.
    joined_position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # A visitor's account closes by itself.
    ends_at: Mapped[datetime | None] = _moment()
    ended_at: Mapped[datetime | None] = _moment()


class Invitation(Model):
    """A code that lets somebody open an account; only its digest is kept."""

    __tablename__ = "invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    role: Mapped[str] = mapped_column(Text, server_default="member")
    scope_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    uses_left: Mapped[int] = mapped_column(Integer)
    stay_hours: Mapped[int | None] = mapped_column(Integer)
    expires_at: Mapped[datetime] = _moment()
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime] = _moment(default=True)


class Device(Model):
    """An installed app. One device has one push address, and belongs to whoever signed in on it last."""

    __tablename__ = "devices"
    __table_args__ = (
        Index("uq_devices_installation", "organisation_id", "installation_id", unique=True),
        Index(
            "uq_devices_push_address",
            "push_address",
            unique=True,
            postgresql_where=text("push_address IS NOT NULL"),
        ),
        Index("ix_devices_person", "person_id"),
        Index("ix_devices_installation", "installation_id"),
        CheckConstraint(_in("push_address_kind", "token", "fid"), name="push_address_kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    installation_id: Mapped[str] = mapped_column(Text)
    platform: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str | None] = mapped_column(Text)
    app_version: Mapped[str | None] = mapped_column(Text)
    push_address: Mapped[str | None] = mapped_column(Text)
    push_address_kind: Mapped[str | None] = mapped_column(Text)
    push_address_at: Mapped[datetime | None] = _moment()
    created_at: Mapped[datetime] = _moment(default=True)
    last_seen_at: Mapped[datetime] = _moment(default=True)


class SignedInSession(Model):
    """A signed-in device: what access tokens name and refresh tokens renew."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_live_by_device", "device_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_sessions_live_by_person", "person_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id"))
    created_at: Mapped[datetime] = _moment(default=True)
    expires_at: Mapped[datetime] = _moment()
    ended_at: Mapped[datetime | None] = _moment()
    end_reason: Mapped[str | None] = mapped_column(Text)


class Scope(Model):
    """What a post is addressed to. A site's or zone's scope has the id of the place."""

    __tablename__ = "scopes"
    __table_args__ = (
        CheckConstraint(_in("kind", "organisation", "site", "zone", "group", "direct"), name="kind"),
        CheckConstraint(_in("admission", "assigned", "present", "open"), name="admission"),
        CheckConstraint(_in("history", "since_entry", "all"), name="history"),
        CheckConstraint("grace_seconds BETWEEN 0 AND 86400", name="grace"),
        CheckConstraint(_in("push_content", "place", "sender", "full", "id"), name="push_content"),
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
    receipts_since: Mapped[datetime | None] = _moment()  # who has read what is shown from here on
    # How much pushes let out; None: as the organisation says.
    push_content: Mapped[str | None] = mapped_column(Text)
    # Of a direct conversation: who took the others into it.
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime] = _moment(default=True)
    archived_at: Mapped[datetime | None] = _moment()

    @property
    def read_receipts(self) -> bool:
        """Whether the scope shows who has read what."""
        return self.receipts_since is not None


class Membership(Model):
    """A person's part in a scope. `ends_at`: when the grace time after leaving, or a visitor's day, is over."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint(_in("role", "member", "manager"), name="role"),
        CheckConstraint(_in("source", "assigned", "joined", "presence"), name="source"),
        CheckConstraint(_in("level", "all", "mentions", "announcements", "nothing"), name="level"),
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
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    role: Mapped[str] = mapped_column(Text, server_default="member")
    source: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text, server_default="all")
    muted_until: Mapped[datetime | None] = _moment()
    started_at: Mapped[datetime] = _moment()
    ends_at: Mapped[datetime | None] = _moment()
    ended_at: Mapped[datetime | None] = _moment()


class DirectDeparture(Model):
    """That a person left a direct conversation: nobody takes them into it again, nor does who did so into others."""

    __tablename__ = "direct_departures"
    __table_args__ = (Index("ix_direct_departures_person", "person_id", "refused_id"),)

    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    # Who had taken them in; None once the person has opened a conversation with them.
    refused_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    left_at: Mapped[datetime] = _moment()


class IdempotencyKey(Model):
    """A request's key, what it asked (digest), and of its answer what makes it again, without words; kept 7 days."""

    __tablename__ = "idempotency_keys"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    route: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    kept: Mapped[dict[str, Any] | None] = mapped_column("body", JSONB)
    created_at: Mapped[datetime] = _moment(default=True, index=True)
