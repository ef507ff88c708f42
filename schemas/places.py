"""Sites and zones on the wire: GeoJSON Features. The polygon itself is checked by `geo.shapes.boundaries`."""

from typing import ClassVar

from marshmallow import INCLUDE, fields, validate

from schemas.base import ID, SOME_BOUNDARY, Moment, Name, Some, Whole, Wire, page_of, timezone_name
from schemas.people import Membership
from schemas.visits import Visit

ADMISSIONS = ("assigned", "present", "open")
MOST_DRAWN = 400_000  # commas: three times what the greatest boundary has
MOST_NOTES, MOST_FEATURES = 20, 50_000
HISTORIES = ("since_entry", "all")
_FLOOR = validate.Range(-99, 999)


class DrawnProperties(Wire):
    """What is said of a site or zone beside its boundary. The floors of a site are all that it has."""

    name = Name(1, 200, required=True)
    admission = fields.String(load_default="present", validate=validate.OneOf(ADMISSIONS))
    history = fields.String(load_default="all", validate=validate.OneOf(HISTORIES))
    grace_seconds = fields.Integer(load_default=900, strict=True, validate=validate.Range(0, 86_400))
    timezone = fields.String(load_default=None, allow_none=True, validate=timezone_name)
    external_id = Name(1, 200, load_default=None, allow_none=True)
    presence_grade = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 3))
    posting_grade = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 3))
    occupancy_limit = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 1_000_000)
    )
    floor_low = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_FLOOR)
    floor_high = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_FLOOR)


class PropertiesEdit(Wire):
    """What can be changed of a place."""

    name = Name(1, 200)
    admission = fields.String(validate=validate.OneOf(ADMISSIONS))
    history = fields.String(validate=validate.OneOf(HISTORIES))
    grace_seconds = fields.Integer(strict=True, validate=validate.Range(0, 86_400))
    timezone = fields.String(allow_none=True, validate=timezone_name)
    floor_low = fields.Integer(allow_none=True, strict=True, validate=_FLOOR)
    floor_high = fields.Integer(allow_none=True, strict=True, validate=_FLOOR)
    presence_grade = fields.Integer(strict=True, validate=validate.Range(1, 3))
    posting_grade = fields.Integer(strict=True, validate=validate.Range(0, 3))
    occupancy_limit = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 1_000_000))


class _Feature(Wire):
    most_values: ClassVar = MOST_DRAWN
    type = fields.String(required=True, validate=validate.Equal("Feature"))
    geometry = fields.Raw(
        required=True, metadata={"type": "object", "description": "GeoJSON Polygon or MultiPolygon, WGS84"}
    )


class NewSite(_Feature):
    """A site to draw."""

    example: ClassVar = {
        "type": "Feature",
        "geometry": SOME_BOUNDARY,
        "properties": {"name": "Depot", "admission": "assigned"},
    }
    properties = fields.Nested(DrawnProperties, required=True)


class NewZone(_Feature):
    """A zone to draw."""

    example: ClassVar = {
        "type": "Feature",
        "geometry": SOME_BOUNDARY,
        "properties": {"name": "Gate", "admission": "present"},
    }
    properties = fields.Nested(DrawnProperties, required=True)


class PlaceEdit(Wire):
    """A new boundary, new properties, or both."""

    example: ClassVar = {"type": "Feature", "properties": {"name": "Gate 3"}}
    most_values: ClassVar = MOST_DRAWN
    type = fields.String(required=True, validate=validate.Equal("Feature"))
    geometry = fields.Raw(
        metadata={"type": "object", "description": "GeoJSON Polygon or MultiPolygon, WGS84"}
    )
    properties = fields.Nested(PropertiesEdit, load_default=dict)


class PlaceProperties(DrawnProperties):
    """What is known of a place."""

    kind = fields.String(required=True, validate=validate.OneOf(("site", "zone")))
    site_id = ID(required=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    archived_at = Moment(required=True, allow_none=True)


class Place(Wire):
    """A site or zone as a GeoJSON Feature. In events the geometry is null: fetch the place."""

    type = fields.String(required=True)
    id = ID(required=True)
    geometry = fields.Dict(required=True, allow_none=True)
    properties = fields.Nested(PlaceProperties, required=True)


class PublishedPlace(Place):
    """A place that was drawn or changed just now, and what was set right or may be worth a look."""

    notes = Some(
        fields.String(),
        most=MOST_NOTES,
        required=True,
        metadata={"description": "docs/boundaries.md lists them"},
    )


PlacePage = page_of(Place, "PlacePage")


class BoundaryVersion(Wire):
    """A boundary as it stood from a moment on."""

    version = fields.Integer(required=True)
    geometry = fields.Dict(required=True)
    valid_from = Moment(required=True)
    changed_by = ID(required=True, allow_none=True)


BoundaryHistory = page_of(BoundaryVersion, "BoundaryHistory")


class PlaceImport(Wire):
    """A GeoJSON FeatureCollection of sites and zones; each feature's properties.kind says which."""

    example: ClassVar = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": SOME_BOUNDARY, "properties": {"kind": "site", "name": "Depot"}}
        ],
    }
    most_values: ClassVar = None

    class Meta:
        """Files carry names, bounding boxes and legacy members, which do no harm."""

        unknown = INCLUDE

    type = fields.String(required=True, validate=validate.Equal("FeatureCollection"))
    features = fields.Raw(required=True, metadata={"type": "array", "items": {"type": "object"}})


class ImportResult(Wire):
    """What became of one feature."""

    index = fields.Integer(required=True, metadata={"description": "Its place in the file, from 0"})
    outcome = fields.String(
        required=True, validate=validate.OneOf(("created", "updated", "unchanged", "refused"))
    )
    place_id = ID(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    at = Some(fields.Float(), most=2, required=True, allow_none=True)
    notes = Some(fields.String(), most=MOST_NOTES, required=True)


class ImportReport(Wire):
    """A result for each feature, sites first."""

    items = Some(fields.Nested(ImportResult), most=MOST_FEATURES, required=True)


class MyPlaces(Wire):
    """Where I am now, and what I may read."""

    visits = Whole(fields.Nested(Visit), of="places that one is in at once", required=True)
    memberships = Whole(fields.Nested(Membership), of="memberships of one person", required=True)
