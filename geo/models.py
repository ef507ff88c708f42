"""Tables of places. Distances are metres, geometries WGS84 lon/lat."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import Boolean, CheckConstraint, DateTime, Float, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_Boundary = Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
_Point = Geometry("POINT", srid=4326, spatial_index=False)


def _moment(*, default: bool = False) -> Any:
    return mapped_column(DateTime(timezone=True), server_default=func.now() if default else None)


class Place(Model):
    """A site or a zone, with its present boundary. It shares its id with its scope."""

    __tablename__ = "places"
    __table_args__ = (
        CheckConstraint("kind IN ('site', 'zone')", name="kind"),
        CheckConstraint("(kind = 'site') = (site_id = id)", name="site_is_its_own"),
        CheckConstraint("floor_low <= floor_high", name="floors"),
        Index("ix_places_boundary", "boundary", postgresql_using="gist"),
        Index("ix_places_site", "site_id"),
        Index(
            "uq_places_external",
            "organisation_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(Text)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    external_id: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str | None] = mapped_column(Text)
    floor_low: Mapped[int | None] = mapped_column(Integer)
    floor_high: Mapped[int | None] = mapped_column(Integer)
    boundary: Mapped[WKBElement] = mapped_column(_Boundary)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = _moment(default=True)
    updated_at: Mapped[datetime] = _moment(default=True)
    archived_at: Mapped[datetime | None] = _moment()


class BoundaryVersion(Model):
    """A boundary as it stood from `valid_from` on, until the next one."""

    __tablename__ = "boundary_versions"

    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    boundary: Mapped[WKBElement] = mapped_column(_Boundary)
    valid_from: Mapped[datetime] = _moment()
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))


class DevicePosition(Model):
    """A device's last accepted fix, and the geofence state that was decided with it."""

    __tablename__ = "device_positions"

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), index=True)
    fixed_at: Mapped[datetime | None] = _moment()
    received_at: Mapped[datetime | None] = _moment()
    point: Mapped[WKBElement | None] = mapped_column(_Point)
    accuracy: Mapped[float | None] = mapped_column(Float)
    mock: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class Visit(Model):
    """A person's stay in a place. `device_id` is the device whose fixes opened it and will close it."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint("source IN ('gps', 'qr', 'beacon', 'manual')", name="source"),
        Index(
            "uq_visits_open", "person_id", "place_id", unique=True, postgresql_where=text("left_at IS NULL")
        ),
        Index("ix_visits_place_open", "place_id", postgresql_where=text("left_at IS NULL")),
        Index("ix_visits_person", "person_id", text("entered_at DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("devices.id"))
    source: Mapped[str] = mapped_column(Text)
    doubtful: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    entered_at: Mapped[datetime] = _moment()
    left_at: Mapped[datetime | None] = _moment()
