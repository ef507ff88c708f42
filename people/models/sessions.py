"""Devices, and the sessions that are open on them."""

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
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment, one_of


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
        CheckConstraint(one_of("push_address_kind", "token", "fid"), name="push_address_kind"),
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
    push_address_at: Mapped[datetime | None] = moment()
    created_at: Mapped[datetime] = moment(default=True)
    last_seen_at: Mapped[datetime] = moment(default=True)


class SignedInSession(Model):
    """A signed-in device: what access tokens name and refresh tokens renew."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_live_by_device", "device_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_sessions_live_by_person", "person_id", postgresql_where=text("ended_at IS NULL")),
        Index(
            "ix_sessions_on_shared_devices",
            "expires_at",
            postgresql_where=text("ended_at IS NULL AND pause_seconds IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id"))
    created_at: Mapped[datetime] = moment(default=True)
    # By what it was opened (`people/sign_in/ways.py`), when the person last proved who they are, and from where.
    factors: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    proven_at: Mapped[datetime] = moment(default=True)
    address: Mapped[str | None] = mapped_column(INET)
    expires_at: Mapped[datetime] = moment()
    # On a shared device: after so long without a request it is over (`people/sign_in/idling.py`).
    pause_seconds: Mapped[int | None] = mapped_column(Integer)
    ended_at: Mapped[datetime | None] = moment()
    end_reason: Mapped[str | None] = mapped_column(Text)
