"""What an employer knows of people, on the wire."""

import re
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate

from schemas.base import EARLIEST, ID, LATEST, Name, Some, Wire

LOCALES = ("en", "ko")
MOST_LANGUAGES = 20
_LONGEST_TAG = 35
# Language, script, region and variants of BCP 47; what is grandfathered, private or an extension is no language here.
_TAG = re.compile(
    r"([a-z]{2,3})(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?((?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
)


class Day(fields.Date):
    """A day of the calendar, `2026-11-28`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        day = super()._deserialize(value, attr, data, **options)
        if not EARLIEST.date() <= day <= LATEST.date():
            raise ValidationError(f"From the year {EARLIEST.year} to {LATEST.year}.")
        return day


class Language(fields.String):
    """A language's tag (BCP 47), as `ko` or `zh-Hant-TW`; kept with the capitals that tags are written with."""

    def __init__(self) -> None:
        super().__init__(validate=validate.Length(2, _LONGEST_TAG))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = super()._deserialize(value, attr, data, **options)
        found = _TAG.fullmatch(given.lower()) if len(given) <= _LONGEST_TAG and given.isascii() else None
        if found is None:
            raise ValidationError("Not the tag of a language, like ko or zh-Hant-TW.")
        language, script, region, variants = (part or "" for part in found.groups())
        return f"{language}{script.title()}{region.upper()}{variants}"


class ProfileChange(Wire):
    """What is named changes; null takes it away."""

    given_name = Name(1, 100, allow_none=True)
    family_name = Name(1, 100, allow_none=True)
    title = Name(1, 100, allow_none=True)
    employee_number = Name(
        1,
        64,
        allow_none=True,
        metadata={"description": "One of the person's identifiers: they sign in with it"},
    )
    manager_id = ID(allow_none=True)
    home_site_id = ID(allow_none=True)
    languages = Some(Language(), most=MOST_LANGUAGES)
    employed_from = Day(allow_none=True)
    employed_until = Day(
        allow_none=True,
        metadata={
            "description": "The last day; when it is over at the home site, the account ends by itself"
        },
    )


class Profile(Wire):
    """What an employer knows of somebody; the person and administrators see it."""

    given_name = fields.String(required=True, allow_none=True)
    family_name = fields.String(required=True, allow_none=True)
    title = fields.String(required=True, allow_none=True)
    employee_number = fields.String(required=True, allow_none=True)
    manager_id = ID(required=True, allow_none=True)
    home_site_id = ID(required=True, allow_none=True)
    languages = Some(fields.String(), most=MOST_LANGUAGES, required=True)
    employed_from = fields.Date(required=True, allow_none=True)
    employed_until = fields.Date(required=True, allow_none=True)
