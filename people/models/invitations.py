"""The codes that let people in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model
from people.models.columns import moment


class Invitation(Model):
    """A code that lets somebody open an account, or into the one that was made for them; only its digest is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        # As lists page through them, and how often something was sent to somebody.
        Index("ix_invitations_made", "organisation_id", "created_at", "id"),
        Index(
            "ix_invitations_sent", "organisation_id", "sent_to", postgresql_where=text("sent_to IS NOT NULL")
        ),
        Index("ix_invitations_person", "person_id", postgresql_where=text("person_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    role: Mapped[str] = mapped_column(Text, server_default="member")
    scope_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    # What is given beside the role: [{role, scope_id, ends_at}], ids and times as texts.
    roles: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    # Who it is meant for, as an administrator wrote it.
    name: Mapped[str | None] = mapped_column(Text)
    # Only who has this may redeem it, in the form in which identifiers are compared.
    identifier: Mapped[str | None] = mapped_column(Text)
    # Where the code went, and nowhere else, in the same form.
    sent_to: Mapped[str | None] = mapped_column(Text)
    # An account that is there, and waits for its first password.
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    uses_left: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, server_default="0")
    stay_hours: Mapped[int | None] = mapped_column(Integer)
    expires_at: Mapped[datetime] = moment()
    revoked_at: Mapped[datetime | None] = moment()
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime] = moment(default=True)
