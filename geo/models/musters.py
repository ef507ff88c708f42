"""Tables of musters: the roll calls and, in each, one entry a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model


class Muster(Model):
    """A roll call of everyone who is in a place. The report is what was known when it ended."""

    __tablename__ = "musters"
    __table_args__ = (
        CheckConstraint("left_within_minutes BETWEEN 0 AND 60", name="left_within_minutes"),
        Index("uq_musters_running", "place_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_musters_place", "place_id", "started_at"),
        Index("ix_musters_repeat", "repeat_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    # The site, which stands for all of its zones, or the zone and those within it.
    place_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    message: Mapped[str] = mapped_column(Text)
    warden_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    left_within_minutes: Mapped[int] = mapped_column(Integer)
    repeat_seconds: Mapped[int] = mapped_column(Integer)
    repeats_left: Mapped[int] = mapped_column(Integer)
    repeat_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_by: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class MusterEntry(Model):
    """One person of a roll call: why expected, what is known of the stay, what was answered."""

    __tablename__ = "muster_entries"
    __table_args__ = (
        CheckConstraint("status IN ('unaccounted', 'safe', 'need_help')", name="status"),
        CheckConstraint("expected IN ('present', 'left_recently', 'arrived_late', 'added')", name="expected"),
        Index("ix_muster_entries_unaccounted", "muster_id", postgresql_where=text("status = 'unaccounted'")),
        Index("ix_muster_entries_person", "person_id"),
    )

    muster_id: Mapped[UUID] = mapped_column(ForeignKey("musters.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    expected: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="unaccounted")
    certain: Mapped[bool] = mapped_column(Boolean)
    doubts: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    confidence: Mapped[int] = mapped_column(SmallInteger)
    last_seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    left_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    text: Mapped[str | None] = mapped_column(Text)
    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    alerts: Mapped[int] = mapped_column(Integer, server_default="1")
    # Not expected any more: by a warden with a reason, or, with neither, since the same phone opened a newer account.
    set_aside_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    set_aside_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    set_aside_reason: Mapped[str | None] = mapped_column(Text)
