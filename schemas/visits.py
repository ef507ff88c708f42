"""Fixes and visits on the wire."""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate

from schemas.base import (
    EARLIEST,
    ID,
    LATEST,
    MOST_PAGE,
    SOME_TIME,
    Cursor,
    Each,
    Moment,
    Number,
    Some,
    Text,
    Whole,
    Wire,
    page_of,
)
from schemas.people import Person

MOST_SPEED = 1e4
MOST_FIXES = 100
SOURCES = ("gps", "region", "device", "wifi", "beacon", "qr", "nfc", "manual")
MOST_DOUBTS = 20


class Speed(Number):
    """Metres a second; negative is how iOS says that it does not know."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        speed = super()._deserialize(value, attr, data, **options)
        if speed > MOST_SPEED:
            raise ValidationError(f"Must be less than or equal to {MOST_SPEED:g}.")
        return None if speed < 0 else speed


class Fix(Wire):
    """One position report of a device. Metres, metres a second, degrees."""

    at = Moment(required=True)
    lon = Number(required=True, validate=validate.Range(-180, 180))
    lat = Number(required=True, validate=validate.Range(-90, 90))
    accuracy = Number(load_default=None, allow_none=True, validate=validate.Range(0, 1e6))
    speed = Speed(load_default=None, allow_none=True)
    floor = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(-99, 999))
    mock = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class FixField(fields.Nested):
    """A fix; a plain and faultless one is read in a fraction of the time."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Fix, **options)

    def _deserialize(self, value: Any, *given: Any, **options: Any) -> Any:
        plain = _plain_fix(value)
        return super()._deserialize(value, *given, **options) if plain is None else plain


class FixBatch(Wire):
    """Up to 100 fixes, in any order; repeats do no harm, and a faulty one is refused alone. `sent_at` corrects a wrong
    clock."""

    example: ClassVar = {
        "sent_at": SOME_TIME,
        "fixes": [{"at": SOME_TIME, "lon": 127.0, "lat": 37.5, "accuracy": 8}],
    }
    sent_at = Moment(load_default=None, allow_none=True)
    fixes = Each(fields.Nested(Fix), least=1, most=MOST_FIXES, required=True)

    def load(self, data: Any, **options: Any) -> Any:
        """As any schema, but a batch of plain and faultless fixes is read in a tenth of the time."""
        usual = all(option is None for option in options.values())
        batch = _plain_batch(data) if usual else None
        return super().load(data, **options) if batch is None else batch


def _plain_batch(data: Any) -> dict[str, Any] | None:
    """What the schema would load; None where it has to look itself, because anything is unusual or wrong."""
    if type(data) is not dict or not data.keys() <= _BATCH_KEYS:
        return None
    sent_at, fixes = data.get("sent_at"), data.get("fixes")
    if type(fixes) is not list or not 1 <= len(fixes) <= MOST_FIXES:
        return None
    sent = None if sent_at is None else _plain_moment(sent_at)
    read = [_plain_fix(fix) for fix in fixes]
    if (sent_at is not None and sent is None) or None in read:
        return None
    return {"sent_at": sent, "fixes": read}


def _plain_fix(fix: Any) -> dict[str, Any] | None:
    if type(fix) is not dict or not fix.keys() <= _FIX_KEYS:
        return None
    read: dict[str, Any] = {**_ABSENT, **fix}
    read["at"] = at = _plain_moment(read["at"])
    floor, mock = read["floor"], read["mock"]
    if type(read["speed"]) in _NUMBERS and read["speed"] < 0:
        read["speed"] = None
    if at is None or type(mock) is not bool:
        return None
    if floor is not None and not (type(floor) is int and -99 <= floor <= 999):
        return None
    for name, low, high, optional in _RANGES:
        value = read[name]
        if optional and value is None:
            continue
        # Compared so that NaN, which is in no range, is left to the schema too.
        if type(value) not in _NUMBERS or not low <= value <= high:
            return None
        read[name] = float(value)
    return read


def _plain_moment(value: Any) -> datetime | None:
    if type(value) is not str or _MOMENT.fullmatch(value) is None:
        return None
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment <= LATEST else None


_BATCH_KEYS = {"sent_at", "fixes"}
_FIX_KEYS = {"at", "lon", "lat", "accuracy", "speed", "floor", "mock"}
_ABSENT: dict[str, Any] = {
    "at": None,
    "lon": None,
    "lat": None,
    "accuracy": None,
    "speed": None,
    "floor": None,
    "mock": False,
}
_RANGES = (
    ("lon", -180, 180, False),
    ("lat", -90, 90, False),
    ("accuracy", 0, 1e6, True),
    ("speed", 0, MOST_SPEED, True),
)
_NUMBERS = (int, float)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class FixRefusal(Wire):
    """A fix that was not taken, and why."""

    index = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "What is wrong with it, for `fix_invalid`"}
    )


class Visit(Wire):
    """A person's stay in a place."""

    id = ID(required=True)
    person_id = ID(required=True)
    place_id = ID(required=True)
    place_kind = fields.String(required=True, validate=validate.OneOf(("site", "zone")))
    place_name = fields.String(required=True)
    source = fields.String(required=True, validate=validate.OneOf(SOURCES))
    confidence = fields.Integer(
        required=True, metadata={"description": "1 to 3: the best evidence that holds"}
    )
    doubtful = fields.Boolean(required=True)
    entered_at = Moment(required=True)
    stale_at = Moment(
        required=True, allow_none=True, metadata={"description": "Since when nothing was heard of the phone"}
    )
    left_at = Moment(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)


class FixReport(Wire):
    """What became of a batch: how many were taken, which were not, and the visits that it began or ended."""

    accepted = fields.Integer(required=True)
    refused = Some(fields.Nested(FixRefusal), most=MOST_FIXES, required=True)
    visits = Whole(fields.Nested(Visit), of="places around the fixes", required=True)


VisitPage = page_of(Visit, "VisitPage")


class PresenceQuery(Cursor):
    """Why one looks is written down, and the persons looked at read it."""

    reason = Text(3, 200, required=True, metadata={"example": "Shift handover"})


class VisitOfPerson(Visit):
    """A visit with the person's name and how well it is known, for managers."""

    person = fields.Nested(Person, required=True)
    sources = Some(fields.String(), most=len(SOURCES), required=True)
    last_seen_at = Moment(required=True)
    certain = fields.Boolean(required=True)
    doubts = Some(fields.String(), most=MOST_DOUBTS, required=True)


class PresenceList(Wire):
    """Who is in a place now."""

    items = Some(fields.Nested(VisitOfPerson), most=MOST_PAGE, required=True)
    next = fields.String(required=True, allow_none=True)
