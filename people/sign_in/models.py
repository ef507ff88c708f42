"""What signing in needs: passwords and second factors, codes, failures, policies, and the chains of refresh tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
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
    __table_args__ = (
        Index("ix_sign_in_failures_person", "person_id", postgresql_where=text("person_id IS NOT NULL")),
    )

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # None: of a release before
    failures: Mapped[int] = mapped_column(Integer)
    window_started_at: Mapped[datetime] = mapped_column(_AT)
    # For administrators: whose account it is (None: nobody's), where tries are counted, and how many are heard.
    person_id: Mapped[UUID | None] = mapped_column(Uuid)
    door: Mapped[str | None] = mapped_column(Text)
    reach: Mapped[str | None] = mapped_column(Text)
    most: Mapped[int | None] = mapped_column(Integer)


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


class TotpSecret(Model):
    """What a person's authenticator app counts with, sealed; and the one that is to take its place, once confirmed."""

    __tablename__ = "totp_secrets"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    sealed: Mapped[str | None] = mapped_column(Text)  # None: none is confirmed yet
    confirmed_at: Mapped[datetime | None] = mapped_column(_AT)
    # Up to here codes are used up.
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pending: Mapped[str | None] = mapped_column(Text)
    pending_at: Mapped[datetime | None] = mapped_column(_AT)


class RecoveryCode(Model):
    """A code that is good once in place of the authenticator app; only its digest is kept, and no row once used."""

    __tablename__ = "recovery_codes"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))


class SignInChallenge(Model):
    """A sign-in that waits for its second step, with what it was begun by; only the digest of its name is kept.

    `enrols`: the person has no second factor, and sets one up with this; `pending` is its secret, sealed.
    """

    __tablename__ = "sign_in_challenges"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), index=True)
    enrols: Mapped[bool]
    device: Mapped[dict[str, Any]] = mapped_column(JSONB)
    factors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    pending: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    expires_at: Mapped[datetime] = mapped_column(_AT, index=True)


class SignInPolicy(Model):
    """What an organisation asks of those who sign in (`people/sign_in/policies.py`). No row: nothing beyond a password.

    `networks` are those of the rules once more, by role, for the one statement that every request makes; None: any.
    """

    __tablename__ = "sign_in_policies"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    networks: Mapped[dict[str, list[str]] | None] = mapped_column(JSONB(none_as_null=True))
