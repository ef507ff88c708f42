"""What every schema stands on: unknown members are refused, and the field types that the wire format knows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any, ClassVar
from zoneinfo import available_timezones

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from base import text
from schemas.lists import MOST_FAULTS, Each, Separated, Some, Whole

__all__ = [
    "EARLIEST",
    "ID",
    "LATEST",
    "MOST_FAULTS",
    "MOST_PAGE",
    "SOME_APP",
    "SOME_BOUNDARY",
    "SOME_ID",
    "SOME_TIME",
    "Address",
    "Cursor",
    "Each",
    "Installation",
    "Moment",
    "Name",
    "Number",
    "Paged",
    "Password",
    "Point",
    "Separated",
    "Some",
    "Text",
    "Whole",
    "Wire",
    "page_of",
    "timezone_name",
]

# What examples are made of.
SOME_ID = "01a20a00-0000-7000-8000-000000000000"
SOME_TIME = "2026-01-01T09:00:00.000Z"
SOME_APP = {"installation_id": "an-id-that-the-app-keeps", "platform": "android"}
SOME_BOUNDARY = {
    "type": "Polygon",
    "coordinates": [[[127.0, 37.5], [127.001, 37.5], [127.001, 37.501], [127.0, 37.501], [127.0, 37.5]]],
}


# Times beyond these are nobody's. So far from the ends of the calendar, no sum or difference of them is without a date.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Wire(Schema):
    """A schema that refuses what it does not know and keeps the order of its fields."""

    example: ClassVar[dict[str, Any] | None] = None
    """For bodies of requests: one that the schema takes. The API document, Postman and the tests of routes show it."""

    most_values: ClassVar[int | None] = 20_000
    """For bodies: so many commas may stand in one outside of texts. None where only bytes count."""

    class Meta:
        """Unknown members are a mistake of the caller's, and told."""

        unknown = RAISE

    def load(self, data: Any, **options: Any) -> Any:
        """As any schema, but where there are far more members than it knows, none of them is looked at."""
        if isinstance(data, dict) and len(data) > len(self.load_fields) + MOST_FAULTS:
            unknown = islice(self._unknown(data), MOST_FAULTS + 1)
            raise ValidationError({str(name): ["Unknown field."] for name in unknown})  # type: ignore[arg-type]
        return super().load(data, **options)

    def _unknown(self, data: dict[Any, Any]) -> Iterator[Any]:
        known = {field.data_key or name for name, field in self.load_fields.items()}
        return (name for name in data if name not in known)


def ID(**options: Any) -> fields.UUID:  # noqa: N802 - reads as the type that it is
    """An id."""
    return fields.UUID(**options)


class Moment(fields.AwareDateTime):
    """A time with its offset, RFC 3339; answered in UTC with `Z`. A bare date or local time is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        try:
            moment = super()._deserialize(value, attr, data, **options).astimezone(UTC)
        except (OverflowError, OSError):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None
        if not EARLIEST <= moment <= LATEST:
            raise ValidationError(f"From the year {EARLIEST.year} to {LATEST.year}.")
        return moment


_MOST_PARTS = 4
"""So many characters may one consist of before it is composed."""


class Text(fields.String):
    """Text of `low` to `high` characters in which there is something to see; kept in NFC."""

    def __init__(self, low: int, high: int, **options: Any) -> None:
        self._length = validate.Length(min=low, max=high)
        super().__init__(validate=[self._length, *options.pop("also", [])], **options)
        self._low, self._longest = low, _MOST_PARTS * high

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = super()._deserialize(value, attr, data, **options)
        # Composing takes the square of the time that so many marks take to read.
        if len(given) > self._longest:
            self._length(given)
        if text.is_piled(given):
            raise ValidationError(f"More than {text.MOST_MARKS} marks on one character.")
        given = self._kept(given)
        if self._low and given and not text.shows_something(given):
            raise ValidationError("There is nothing to see in it.")
        return given

    def _kept(self, given: str) -> str:
        return text.normalised(given)


class Name(Text):
    """One line of text, trimmed, without characters that steer or hide others."""

    def _kept(self, given: str) -> str:
        return _plain(text.one_line(given))


def Installation(**options: Any) -> Name:  # noqa: N802 - reads as the type that it is
    """The id of an installed app. Those of shared devices are ours (`people/models/shared_devices.py`)."""
    own = validate.Regexp(r"^(?!shared:)", error="Shared devices are called so.")
    return Name(8, 100, also=[own], metadata={"description": "Made once by the app, random"}, **options)


class Address(Text):
    """An e-mail address, or the short name of an organisation: trimmed, in small letters."""

    def _kept(self, given: str) -> str:
        return _plain(text.address(given))


def _plain(line: str) -> str:
    if (steering := text.steering(line)) is not None:
        raise ValidationError(f"U+{ord(steering):04X} is not taken in a name.")
    return line


class Password(fields.String):
    """A password as it was typed. It has 1 to 200 characters in NFC: in parts, Hangul has up to three times as many."""

    _MOST = 200

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"minLength": 1, "maxLength": 3 * self._MOST}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = super()._deserialize(value, attr, data, **options)
        if len(given) > 3 * self._MOST or not 1 <= len(text.normalised(given)) <= self._MOST:
            raise ValidationError(f"From 1 to {self._MOST} characters.")
        return given


class Number(fields.Float):
    """A finite JSON number; a string that looks like one is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_nan=False, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **options)


class Coordinates(Some):
    """[lon, lat] in degrees, perhaps with a height that is dropped."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Number(), least=2, most=3, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[float]:
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


MOST_PAGE = 100


class Cursor(Wire):
    """The query of a list: `next` of the page before, and how many."""

    cursor = fields.String(load_default=None, validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST_PAGE))


class Paged(Wire):
    """What every list has beside its items."""

    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Cursor of the next page; null at the end"}
    )


def page_of(item: type[Schema], name: str) -> type[Schema]:
    """The schema of a list of items."""
    items = Some(fields.Nested(item), most=MOST_PAGE, required=True)
    return type(name, (Paged,), {"items": items, "__doc__": f"A page of {item.__name__} items."})


def timezone_name(value: str) -> None:
    """Validate an IANA time zone's name."""
    if value not in _timezones():
        raise ValidationError("Not the name of a time zone, like Asia/Seoul.")


@cache
def _timezones() -> frozenset[str]:
    """All there are, read once: they are files, hundreds of them."""
    return frozenset(available_timezones())
