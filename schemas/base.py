"""What every schema stands on: unknown members are refused, and the field types that the wire format knows."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from marshmallow import RAISE, Schema, ValidationError, fields, validate

__all__ = ["ID", "Cursor", "Moment", "Number", "Paged", "Point", "Text", "Wire", "page_of", "timezone_name"]


class Wire(Schema):
    """A schema that refuses what it does not know and keeps the order of its fields."""

    class Meta:
        """Unknown members are a mistake of the caller's, and told."""

        unknown = RAISE


def ID(**options: Any) -> fields.UUID:  # noqa: N802 - reads as the type that it is
    """An id."""
    return fields.UUID(**options)


class Moment(fields.AwareDateTime):
    """A time with its offset, RFC 3339; answered in UTC with `Z`. A bare date or local time is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        try:
            return super()._deserialize(value, attr, data, **options).astimezone(UTC)
        except (OverflowError, OSError):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


class Text(fields.String):
    """Text of `low` to `high` characters that is not only white space."""

    def __init__(self, low: int, high: int, **options: Any) -> None:
        super().__init__(validate=[validate.Length(min=low, max=high), *options.pop("also", [])], **options)
        self._low = low

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if self._low and text and not text.strip():
            raise ValidationError("There is nothing but white space.")
        return text


class Number(fields.Float):
    """A finite JSON number; a string that looks like one is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_nan=False, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **options)


class Coordinates(fields.List[float]):
    """[lon, lat] in degrees, perhaps with a height that is dropped."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Number(), validate=validate.Length(min=2, max=3), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[float | None]:
        numbers = super()._deserialize(value, attr, data, **options)[:2]
        match numbers:
            case [float(lon), float(lat)] if not (-180 <= lon <= 180 and -90 <= lat <= 90):
                raise ValidationError("Longitude goes from -180 to 180, latitude from -90 to 90.")
            case _:
                return numbers


class Point(Wire):
    """A GeoJSON point, longitude before latitude."""

    type = fields.String(required=True, validate=validate.Equal("Point"))
    coordinates = Coordinates(required=True)


class Cursor(Wire):
    """The query of a list: `next` of the page before, and how many."""

    cursor = fields.String(load_default=None, validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100))


class Paged(Wire):
    """What every list has beside its items."""

    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Cursor of the next page; null at the end"}
    )


def page_of(item: type[Schema], name: str) -> type[Schema]:
    """The schema of a list of items."""
    items = fields.List(fields.Nested(item), required=True)
    return type(name, (Paged,), {"items": items, "__doc__": f"A page of {item.__name__} items."})


def timezone_name(value: str) -> None:
    """Validate an IANA time zone's name."""
    if value not in available_timezones():
        raise ValidationError("Not the name of a time zone, like Asia/Seoul.")
