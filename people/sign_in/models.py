"""What signing in needs: passwords, codes for new ones, failures, and the chains of refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Integer, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_AT = DateTime(timezone=True)


class Credential(Model):
    """A person's password, as an argon2id hash."""

    __tablename__ = "credentials"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    password_hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())


class ResetCode(Model):
    """The one code with which a person may choose a new password; only its digest is kept."""

    __tablename__ = "reset_codes"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    code_digest: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(_AT)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))  # None: an operator


class SignInFailure(Model):
    """Recent tries at a password or code in one bucket, for throttling. Keys and accounts are digests, not names."""

    __tablename__ = "sign_in_failures"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # None: of a release before
    failures: Mapped[int] = mapped_column(Integer)
    window_started_at: Mapped[datetime] = mapped_column(_AT)


class SigningKey(Model):
    """A key that tokens are signed with, by its name alone: it is derived from that and the installation's secret."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(Text, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    signs_from: Mapped[datetime] = mapped_column(_AT)
    ends_at: Mapped[datetime | None] = mapped_column(_AT)  # until when what it signed is read


class RefreshToken(Model):
    """One link of a session's chain of refresh tokens. Using a used one again ends the session."""

    __tablename__ = "refresh_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    used_at: Mapped[datetime | None] = mapped_column(_AT)
    retry_key_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
