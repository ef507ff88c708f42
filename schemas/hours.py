"""Hours of a week on the wire (`base/hours.py` says how they are read)."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from marshmallow import fields, validate

from base.hours import DAYS
from schemas.base import Some, Wire, timezone_name

# Not `\d`, which takes the digits of every script.
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z"


class Stretch(Wire):
    """From one time of day to another, on some days; one that ends before it begins goes on past midnight."""

    days = Some(fields.String(validate=validate.OneOf(DAYS)), least=1, most=7, required=True)
    begins = fields.String(required=True, data_key="from", validate=validate.Regexp(CLOCK))
    ends = fields.String(required=True, data_key="to", validate=validate.Regexp(CLOCK))


class Hours(Wire):
    """The hours of a week. Without a time zone, the person's own."""

    timezone = fields.String(load_default=None, allow_none=True, validate=timezone_name)
    weekly = Some(fields.Nested(Stretch), least=1, most=21, required=True)


class HoursField(fields.Nested):
    """Hours as they are stored: in the form of the wire, so that nothing has to be turned around."""

    def __init__(self, **options: Any) -> None:
        ours: dict[str, Any] = {"load_default": None, "allow_none": True}
        super().__init__(Hours, **(ours | options))

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        partial: bool | Sequence[str] | Set[str] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        super()._deserialize(value, attr, data, partial, **options)
        return {"timezone": value.get("timezone"), "weekly": value["weekly"]}
