"""Tables of places. Distances are metres, geometries WGS84 lon/lat."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model

SRID = 4326
_Boundary = Geometry("MULTIPOLYGON", srid=SRID, spatial_index=False)
_Point = Geometry("POINT", srid=4326, spatial_index=False)
SOURCES = ("gps", "region", "device", "wifi", "beacon", "qr", "nfc", "manual")


def _moment(*, default: bool = False) -> Any:
    return mapped_column(DateTime(timezone=True), server_default=func.now() if default else None)


class Place(Model):
    """A site or a zone, with its present boundary. It shares its id with its scope."""

    __tablename__ = "places"
    __table_args__ = (
        CheckConstraint("kind IN ('site', 'zone')", name="kind"),
        CheckConstraint("(kind = 'site') = (site_id = id)", name="site_is_its_own"),
        CheckConstraint("floor_low <= floor_high", name="floors"),
        CheckConstraint("presence_grade BETWEEN 1 AND 3 AND posting_grade BETWEEN 0 AND 3", name="grades"),
        CheckConstraint("occupancy_limit > 0", name="occupancy_limit"),
        Index("ix_places_boundary", "boundary", postgresql_using="gist"),
        Index("ix_places_site", "site_id"),
        # The sites of an organisation, oldest first, beside many more zones.
        Index(
            "ix_places_sites",
            "organisation_id",
            "id",
            postgresql_where=text("kind = 'site' AND archived_at IS NULL"),
        ),
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
    # Not loaded with the row, of which much is asked: thirty thousand corners are half a megabyte.
    boundary: Mapped[WKBElement] = mapped_column(_Boundary, deferred=True)
    # The least grade of evidence that lets one into a `present` scope, and that posting asks for (0: none).
    presence_grade: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    posting_grade: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    occupancy_limit: Mapped[int | None] = mapped_column(Integer)
    over_limit_since: Mapped[datetime | None] = _moment()
    # The hours of the site's charter, beside the boundary since the same fix asks for both.
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = _moment(default=True)
    updated_at: Mapped[datetime] = _moment(default=True)
    archived_at: Mapped[datetime | None] = _moment()


class BoundaryVersion(Model):
    """A boundary as it stood from `valid_from` on, until the next one. The newest of a place is its present one.

    Its forms (`geo/lookup/forms.py`) stand beside it, as far as somebody has made them.
    """

    __tablename__ = "boundary_versions"

    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    boundary: Mapped[WKBElement] = mapped_column(_Boundary, deferred=True)
    valid_from: Mapped[datetime] = _moment()
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    # GeoJSON, as it goes into answers; `simple` is None where the whole is simple enough.
    whole: Mapped[str | None] = mapped_column(Text, deferred=True)
    simple: Mapped[str | None] = mapped_column(Text, deferred=True)
    simplified_m: Mapped[float | None] = mapped_column(Float)
    corners: Mapped[int | None] = mapped_column(Integer)
    circle: Mapped[list[float] | None] = mapped_column(ARRAY(Float))


class Marker(Model):
    """A thing at a place that proves being there: a code on a wall or a screen, an NFC tag, a beacon, Wi-Fi."""

    __tablename__ = "markers"
    __table_args__ = (
        CheckConstraint("kind IN ('printed', 'rotating', 'nfc', 'beacon', 'wifi')", name="kind"),
        CheckConstraint("(address IS NULL) = (secret IS NOT NULL)", name="address_or_secret"),
        Index(
            "uq_markers_address",
            "organisation_id",
            "kind",
            "address",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_markers_place", "place_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    floor: Mapped[int | None] = mapped_column(Integer)
    address: Mapped[str | None] = mapped_column(Text)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    turn: Mapped[int] = mapped_column(Integer, server_default="1")
    admits_visitors_hours: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = _moment(default=True)
    revoked_at: Mapped[datetime | None] = _moment()
