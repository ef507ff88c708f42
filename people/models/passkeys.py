"""Passkeys: public keys whose other half a person's phone, computer or key ring keeps."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment


class Passkey(Model):
    """One of them. Its id among authenticators is random, and good for one account of the whole installation."""

    __tablename__ = "passkeys"
    __table_args__ = (
        Index("uq_passkeys_credential", "credential_id", unique=True),
        Index("ix_passkeys_person", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # as COSE writes it
    # How often the authenticator says that it was used; 0 for ever where it does not count.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    # Whether its owner's other devices have it, too.
    synced: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = moment(default=True)
    last_used_at: Mapped[datetime | None] = moment()
    # It counted backwards, as a copy does: it lets nobody in any more.
    held_at: Mapped[datetime | None] = moment()


class UsedChallenge(Model):
    """A challenge that came back, until it is too old to come back again. It is nobody's: only its digest is kept."""

    __tablename__ = "used_challenges"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = moment(index=True)
