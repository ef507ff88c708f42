"""What signing in needs: passwords, codes for new ones, one-time codes, failures, and the chains of refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Integer, LargeBinary, Text, func, text
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


class OneTimeCode(Model):
    """Six digits that were sent to an identifier; kept for a day, so that it is known how many there were.

    `bound_to`: the installation that may sign in with it, or the identifier that it verifies; one is live for each.
    """

    __tablename__ = "one_time_codes"
    __table_args__ = (
        Index(
            "uq_one_time_codes_live",
            "person_id",
            "purpose",
            "bound_to",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), index=True)
    identifier_id: Mapped[UUID] = mapped_column(ForeignKey("identifiers.id"))
    purpose: Mapped[str] = mapped_column(Text)
    bound_to: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    tries_left: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(_AT)
    expires_at: Mapped[datetime] = mapped_column(_AT)
    ended_at: Mapped[datetime | None] = mapped_column(_AT)


class AskedCode(Model):
    """A code for which somebody has asked. Whether anybody is to get one is not looked up before the answer is given.

    It is of no organisation: there may be none. What was typed is sealed.
    """

    __tablename__ = "asked_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_AT)


class SignInFailure(Model):
    """Recent tries at a password or code in one bucket, for throttling. Keys and accounts are digests, not names."""

    __tablename__ = "sign_in_failures"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # None: of a release before
    failures: Mapped[int] = mapped_column(Integer)
    window_started_at: Mapped[datetime] = mapped_column(_AT)


class RefreshToken(Model):
    """One link of a session's chain of refresh tokens. Using a used one again ends the session."""

    __tablename__ = "refresh_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    used_at: Mapped[datetime | None] = mapped_column(_AT)
    retry_key_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
