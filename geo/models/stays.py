"""Tables of where people are: positions, visits and their evidence. Distances are metres, geometries WGS84 lon/lat."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

_Boundary = Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
_Point = Geometry("POINT", srid=4326, spatial_index=False)
SOURCES = ("gps", "region", "device", "wifi", "beacon", "qr", "nfc", "manual")


def _moment(*, default: bool = False) -> Any:
    return mapped_column(DateTime(timezone=True), server_default=func.now() if default else None)


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
    # Which floor a beacon, a code or the person named last, for fixes that name none.
    floor: Mapped[int | None] = mapped_column(Integer)
    floor_at: Mapped[datetime | None] = _moment()
    # Set when visits of this device were called stale, so that the next fix takes it back.
    stale: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class Visit(Model):
    """A person's stay in a place: open while any evidence holds. `source` is what it began with."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        Index(
            "uq_visits_open", "person_id", "place_id", unique=True, postgresql_where=text("left_at IS NULL")
        ),
        Index("ix_visits_place_open", "place_id", postgresql_where=text("left_at IS NULL")),
        Index("ix_visits_place_time", "place_id", "entered_at"),
        Index("ix_visits_place_ended", "place_id", "ended_at"),
        Index("ix_visits_person", "person_id", text("entered_at DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    source: Mapped[str] = mapped_column(Text)
    confidence: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    doubtful: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    entered_at: Mapped[datetime] = _moment()
    stale_at: Mapped[datetime | None] = _moment()
    left_at: Mapped[datetime | None] = _moment()
    # When the server ended it; `left_at` may be hours before, when the person was last seen.
    ended_at: Mapped[datetime | None] = _moment()
    end_reason: Mapped[str | None] = mapped_column(Text)


class Evidence(Model):
    """One reason to believe that a person is in a place: of one source and device, with a grade and an end."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint("grade BETWEEN 1 AND 3", name="grade"),
        Index(
            "uq_evidence_live",
            "visit_id",
            "source",
            "device_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_evidence_visit", "visit_id"),
        Index("ix_evidence_expires", "expires_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_evidence_device", "device_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id", ondelete="CASCADE"))
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("devices.id"))
    marker_id: Mapped[UUID | None] = mapped_column(ForeignKey("markers.id"))
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    source: Mapped[str] = mapped_column(Text)
    grade: Mapped[int] = mapped_column(SmallInteger)
    doubtful: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    since: Mapped[datetime] = _moment()
    last_at: Mapped[datetime] = _moment()
    expires_at: Mapped[datetime | None] = _moment()
    ended_at: Mapped[datetime | None] = _moment()


class Departure(Model):
    """When a person was last said to have left a place: by a device or by any, in one source or in all."""

    __tablename__ = "departures"
    __table_args__ = (
        Index(
            "uq_departures",
            "person_id",
            "place_id",
            "device_id",
            "source",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_departures_left_at", "left_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("devices.id"))
    source: Mapped[str | None] = mapped_column(Text)
    left_at: Mapped[datetime] = _moment()


class GateAccount(Model):
    """That a marker's code opened a visitor's account: on which installation, and from where (for an hour)."""

    __tablename__ = "gate_accounts"
    __table_args__ = (
        Index("ix_gate_accounts_marker", "marker_id", "opened_at"),
        Index("ix_gate_accounts_opened", "organisation_id", "opened_at"),
        Index("ix_gate_accounts_installation", "organisation_id", "installation_id"),
        Index(
            "ix_gate_accounts_replaced_by", "replaced_by", postgresql_where=text("replaced_by IS NOT NULL")
        ),
        Index("ix_gate_accounts_address", "opened_at", postgresql_where=text("address IS NOT NULL")),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    marker_id: Mapped[UUID] = mapped_column(ForeignKey("markers.id"))
    # Which turn of the marker's code was scanned.
    turn: Mapped[int | None] = mapped_column(BigInteger)
    installation_id: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(INET)
    opened_at: Mapped[datetime] = _moment()
    # One of more than a gate sees in ordinary hours: perhaps nobody.
    in_burst: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    # The account that the same installation opened next, with which this one was closed.
    replaced_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
