"""Tables of privacy: what a person shares, what a site promises, who looked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model


class Charter(Model):
    """What a site promises the people in it; the product keeps it, not the manager's good will."""

    __tablename__ = "charters"
    __table_args__ = (
        CheckConstraint("visit_days BETWEEN 1 AND 3650", name="visit_days"),
        CheckConstraint("smallest_group >= 5", name="smallest_group"),
    )

    site_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    purpose: Mapped[str] = mapped_column(Text)
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    visit_days: Mapped[int] = mapped_column(Integer)
    smallest_group: Mapped[int] = mapped_column(Integer)
    aggregate_only: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_by: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    # When it last came to promise less, and what it had promised until then; of how long visits are kept, by itself.
    loosened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    former_smallest_group: Mapped[int | None] = mapped_column(Integer)
    former_aggregate_only: Mapped[bool | None] = mapped_column(Boolean)
    lengthened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    former_visit_days: Mapped[int | None] = mapped_column(Integer)


class ToldCount(Model):
    """How many were in a place at the beginning of a window of time, as it is told at a site that shows numbers alone.

    It is worked out once, and stays as it was told; None: it may not be told.
    """

    __tablename__ = "told_counts"

    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    count: Mapped[int | None] = mapped_column(Integer)


class Sharing(Model):
    """How a person shares where they are. `mode` device: the phone judges, and no coordinate is ever taken."""

    __tablename__ = "sharings"
    __table_args__ = (CheckConstraint("mode IN ('server', 'device')", name="mode"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    mode: Mapped[str] = mapped_column(Text, server_default="server")
    paused_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Consent(Model):
    """That a person agreed to something, to which text, and until when. Rows are never changed but to end."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("kind IN ('presence', 'trail')", name="kind"),
        Index(
            "uq_consents_live",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    kind: Mapped[str] = mapped_column(Text)
    text_version: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class TrailPoint(Model):
    """A fix that is kept: only where the organisation says so and the person agreed."""

    __tablename__ = "trail_points"
    __table_args__ = (
        Index("ix_trail_points_person", "person_id", "at"),
        Index("ix_trail_points_age", "organisation_id", "at"),
    )

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    accuracy: Mapped[float | None] = mapped_column(Float)


class PresenceView(Model):
    """That somebody looked at where a person is, and why. The person looked at reads it."""

    __tablename__ = "presence_views"
    __table_args__ = (
        Index("ix_presence_views_person", "person_id", text("id DESC")),
        Index(
            "uq_presence_views_muster",
            "muster_id",
            "viewer_id",
            "person_id",
            unique=True,
            postgresql_where=text("muster_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    viewer_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    muster_id: Mapped[UUID | None] = mapped_column(ForeignKey("musters.id"))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
