"""Shared devices, and what lets people in on them: PINs and badges."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment


class SharedDevice(Model):
    """A tablet at a site. Of its code and its secret only digests are kept."""

    __tablename__ = "shared_devices"
    __table_args__ = (
        CheckConstraint("pause_seconds BETWEEN 15 AND 900", name="pause"),
        Index("uq_shared_devices_code", "code_digest", unique=True),
        Index("uq_shared_devices_secret", "secret_digest", unique=True),
        Index(
            "ix_shared_devices_live",
            "organisation_id",
            "created_at",
            "id",
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"))
    name: Mapped[str] = mapped_column(Text)
    # After so long without a request whoever is signed in is signed out.
    pause_seconds: Mapped[int] = mapped_column(Integer)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_expires_at: Mapped[datetime | None] = moment()
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    platform: Mapped[str | None] = mapped_column(Text)
    app_version: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime] = moment(default=True)
    enrolled_at: Mapped[datetime | None] = moment()
    last_used_at: Mapped[datetime | None] = moment()
    ended_at: Mapped[datetime | None] = moment()

    @property
    def installation_id(self) -> str:
        """Under which name it is a device like others; no app may take one like it."""
        return f"shared:{self.id}"


class Pin(Model):
    """A person's PIN, as an argon2id hash, and how many tries in a row were wrong."""

    __tablename__ = "pins"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    pin_hash: Mapped[str] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    set_at: Mapped[datetime] = moment(default=True)


class Badge(Model):
    """What a person's badge says, as a digest with the installation's key: badges have numbers that can be guessed."""

    __tablename__ = "badges"
    __table_args__ = (Index("uq_badges_digest", "organisation_id", "digest", unique=True),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = moment(default=True)
