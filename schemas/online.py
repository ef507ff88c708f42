"""Who is online, and what is said of it on the socket."""

from typing import Any

from marshmallow import fields, validate

from schemas.base import ID, SOME_ID, Moment, Separated, Some, Wire
from schemas.people import LAST_SEEN, Person

MOST_PERSONS = 100


class LastSeenChoice(Wire):
    """Who sees whether the person is online."""

    last_seen = fields.String(required=True, validate=validate.OneOf(LAST_SEEN))


class Presence(Wire):
    """Whether somebody has a socket open now, and if not, when they last had one, to the minute."""

    person_id = ID(required=True)
    online = fields.Boolean(required=True)
    last_seen_at = Moment(required=True, allow_none=True)


class Presences(Wire):
    """Those of the persons asked for whose presence the caller may see."""

    items = Some(fields.Nested(Presence), most=MOST_PERSONS, required=True)


class PersonIds(Separated):
    """Ids with commas between them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return [ID().deserialize(part) for part in self.parts(value, attr, data, **options)]


class PresenceQuery(Wire):
    """Whose presence."""

    person_ids = PersonIds(
        most=MOST_PERSONS,
        required=True,
        metadata={"description": "At most 100, with commas between them", "example": SOME_ID},
    )


class Watch(Wire):
    """What a socket asks with `presence.watch`; it takes the place of what it watched before."""

    person_ids = Some(ID(), most=MOST_PERSONS, required=True)


class Typing(Wire):
    """What a socket sends with `typing.start` and `typing.stop`."""

    scope_id = ID(required=True)
    parent_id = ID(load_default=None, allow_none=True)


class TypingStopped(Wire):
    """Somebody does not type any more."""

    scope_id = ID(required=True)
    person = fields.Nested(Person, required=True)
    parent_id = ID(required=True, allow_none=True)


class TypingStarted(TypingStopped):
    """Somebody types; without another word it is over after `expires_in` seconds."""

    expires_in = fields.Integer(required=True)
