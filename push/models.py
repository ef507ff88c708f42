"""Tables of push: what is told (notifications), to which device (deliveries), and what people want of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_AT = DateTime(timezone=True)
DIGESTS_APART = timedelta(hours=12)  # at least


class Notification(Model):
    """What an event has to tell, once for all whom it is told to; its id is the event's.

    `facts` are ids and numbers, no words and no names: those are looked up at the moment of sending, as they are then,
    and told as the language of the phone and the scope's content level say.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_subject", "subject_id"),
        Index("ix_notifications_created_at", "created_at"),
        Index("ix_notifications_unplanned", "id", postgresql_where=text("kind = 'unplanned'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(Text)
    scope_id: Mapped[UUID | None]
    subject_id: Mapped[UUID]
    actor_id: Mapped[UUID | None]
    position: Mapped[int | None] = mapped_column(BigInteger)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(_AT)


class Delivery(Model):
    """One notification to one device: queued → sending → sent, or an end without it.

    `why` is what the person is told it for (message, mention, reply, direct, announcement, alert, …); `action` is to
    show it, to withdraw what was shown, or to wake the app silently.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'sending', 'sent', 'failed', 'expired', 'dropped', 'dead')", name="status"
        ),
        CheckConstraint("action IN ('show', 'withdraw', 'wake')", name="action"),
        UniqueConstraint("notification_id", "device_id", "action"),
        # Due ones by organisation, so that one that has very many never stands before the others; alerts come first.
        Index(
            "ix_deliveries_due",
            "organisation_id",
            "priority",
            "due_at",
            postgresql_where=text("status IN ('queued', 'sending')"),
        ),
        Index("ix_deliveries_dead", "organisation_id", "id", postgresql_where=text("status = 'dead'")),
        Index("ix_deliveries_device", "device_id"),
        Index("ix_deliveries_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    # No foreign keys but the notification's: each would lock the row of a person, whose sign-in then waits.
    organisation_id: Mapped[UUID]
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    person_id: Mapped[UUID]
    device_id: Mapped[UUID]
    why: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text, server_default="show")
    priority: Mapped[int] = mapped_column(SmallInteger)  # 0 alerts … 4 silent ones
    status: Mapped[str] = mapped_column(Text, server_default="queued")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    # queued: when to try; sending: when the claim of a worker that died runs out
    due_at: Mapped[datetime] = mapped_column(_AT)
    expires_at: Mapped[datetime] = mapped_column(_AT)
    message_id: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())
    sent_at: Mapped[datetime | None] = mapped_column(_AT)
    delivered_at: Mapped[datetime | None] = mapped_column(_AT)  # as the app reports
    opened_at: Mapped[datetime | None] = mapped_column(_AT)


class PushPreferences(Model):
    """What a person wants of push, beyond the levels of memberships. No row: the defaults.

    `quiet_hours` and `working_hours` are hours of a week (`base/hours.py`) in the person's time zone. `off_site` is for
    what a place has to tell while the person is not there: 'quiet' holds it back, 'loud' does not.
    """

    __tablename__ = "push_preferences"
    __table_args__ = (
        CheckConstraint("off_site IN ('quiet', 'loud')", name="off_site"),
        CheckConstraint("digest IN ('off', 'push', 'inbox')", name="digest"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    quiet_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    working_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    do_not_disturb_until: Mapped[datetime | None] = mapped_column(_AT)
    on_call_until: Mapped[datetime | None] = mapped_column(_AT)
    off_site: Mapped[str] = mapped_column(Text, server_default="quiet")
    digest: Mapped[str] = mapped_column(Text, server_default="off")
    digest_at: Mapped[str] = mapped_column(Text, server_default="07:30")
    digested_for: Mapped[datetime] = mapped_column(
        _AT, server_default=func.now()
    )  # the moment of the last digest
    updated_at: Mapped[datetime] = mapped_column(_AT, server_default=func.now())


class Sighting(Model):
    """A post that a person saw live, on any device, as the app says: no push is needed any more. Kept for a day."""

    __tablename__ = "sightings"
    __table_args__ = (Index("ix_sightings_seen_at", "seen_at"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    seen_at: Mapped[datetime] = mapped_column(_AT)
