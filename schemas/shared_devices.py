"""Shared devices on the wire: for administrators, for the tablets themselves, and the PINs that are typed on them."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.base import ID, SOME_ID, Moment, Name, Some, Text, Wire, page_of
from schemas.people import LOCALES, PLATFORMS, Person

MOST_NAMES = 20
_PAUSE = validate.Range(15, 900)
_PIN = validate.Regexp(r"^[0-9]{6,12}\Z", error="From 6 to 12 figures.")


class NewSharedDevice(Wire):
    """A tablet that many are to use, and where it hangs."""

    example: ClassVar = {"name": "Tablet at the gate", "site_id": SOME_ID, "pause_seconds": 60}
    name = Name(1, 100, required=True)
    site_id = ID(required=True)
    pause_seconds = fields.Integer(
        load_default=60,
        strict=True,
        validate=_PAUSE,
        metadata={"description": "After so long without a request whoever is signed in is signed out"},
    )


class SharedDeviceEdit(Wire):
    """What changes about it; the pause holds from the next person on."""

    example: ClassVar = {"name": "Tablet at the north gate"}
    name = Name(1, 100)
    pause_seconds = fields.Integer(strict=True, validate=_PAUSE)


class SharedDevice(Wire):
    """A shared device as administrators see it."""

    id = ID(required=True)
    name = fields.String(required=True)
    site_id = ID(required=True)
    pause_seconds = fields.Integer(required=True)
    platform = fields.String(required=True, allow_none=True)
    app_version = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    enrolled_at = Moment(required=True, allow_none=True)
    last_used_at = Moment(required=True, allow_none=True)
    code_expires_at = Moment(
        required=True, allow_none=True, metadata={"description": "Until when a code that was made enrols it"}
    )


SharedDevicePage = page_of(SharedDevice, "SharedDevicePage")


class SharedDeviceWithCode(SharedDevice):
    """The same, with the code that enrols it, told this once."""

    code = fields.String(required=True)


class SharedDeviceEnrolment(Wire):
    """The code that an administrator gave, and the app."""

    example: ClassVar = {"code": "7K2M-9QXA-HC4T-W8RD", "platform": "android"}
    code = Text(1, 40, required=True, metadata={"description": "Dashes, spaces and capitals do not matter"})
    platform = fields.String(required=True, validate=validate.OneOf(PLATFORMS))
    app_version = Name(1, 40, load_default=None, allow_none=True)


class EnrolledDevice(Wire):
    """What a shared device knows of itself; the secret is told this once."""

    id = ID(required=True)
    name = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "Its name"})
    site_id = ID(required=True)
    pause_seconds = fields.Integer(required=True)
    secret = fields.String(
        required=True,
        metadata={"description": "To be sent as `Authorization: Device …` where nobody is signed in"},
    )


class NameQuery(Wire):
    """How a name begins."""

    q = Name(1, 100, required=True, metadata={"example": "Mi"})


class NamesOnDevice(Wire):
    """Who may sign in on a shared device, by their names."""

    items = Some(fields.Nested(Person), most=MOST_NAMES, required=True)


class PinSignIn(Wire):
    """Somebody, by name or badge, and their PIN."""

    example: ClassVar = {"person_id": SOME_ID, "pin": "271828"}
    person_id = ID(load_default=None)
    badge = Name(4, 200, load_default=None)
    pin = fields.String(required=True, validate=_PIN)
    locale = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(LOCALES))

    @validates_schema
    def _one_person(self, data: dict[str, Any], **_options: Any) -> None:
        if (data["person_id"] is None) is (data["badge"] is None):
            raise ValidationError("Give either person_id or badge.", "person_id")


class NewPin(Wire):
    """A PIN, of 6 to 12 figures."""

    example: ClassVar = {"pin": "271828"}
    pin = fields.String(required=True, validate=_PIN)


class PinState(Wire):
    """Whether there is a PIN, and a badge; neither is ever shown."""

    set_at = Moment(required=True, allow_none=True)
    locked = fields.Boolean(
        required=True, metadata={"description": "Ten tries in a row were wrong: choose another one"}
    )
    badge_set_at = Moment(required=True, allow_none=True)


class BadgeText(Wire):
    """What a badge says when it is scanned."""

    example: ClassVar = {"badge": "04A2241C5E6180"}
    badge = Name(4, 200, required=True)
