"""Read positions on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, SOME_ID, Moment, Whole, Wire, page_of
from schemas.people import Person

_KNOWN = {"description": "All that the journal told of up to there is read as well"}
_REACHED = {
    "description": "What the journal told of up to there is read; null: the post is about to be told of"
}
_COUNT = {"description": "Counted up to 100; show 100 as 99+"}


def known_position() -> fields.Integer:
    """A position of the journal that one knows of, if any."""
    within = validate.Range(0, 2**63 - 1)
    return fields.Integer(load_default=None, allow_none=True, strict=True, validate=within, metadata=_KNOWN)


def known_epoch() -> fields.String:
    """The epoch that such a position is of."""
    of = {"description": "What the position is of; where it is over, the position says nothing"}
    return fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64), metadata=of)


class NewReadPosition(Wire):
    """The last post that one has read; and the `position` of the page or event by which one knows of it."""

    example: ClassVar = {"post_id": SOME_ID, "position": 117}
    post_id = ID(required=True)
    position = known_position()
    epoch = known_epoch()


class ReadPosition(Wire):
    """How far one has read in a scope; null: nothing yet."""

    scope_id = ID(required=True)
    post_id = ID(required=True, allow_none=True)
    position = fields.Integer(required=True, allow_none=True, metadata=_REACHED)
    read_at = Moment(required=True, allow_none=True)


class ReadAdvance(ReadPosition):
    """How far one has read by now, as one's devices hear of it, and on which of them that was."""

    device_id = ID(required=True, allow_none=True)


class Unread(ReadPosition):
    """What is unread in a scope."""

    unread = fields.Integer(required=True, validate=validate.Range(0, 100), metadata=_COUNT)
    mentions = fields.Integer(required=True, validate=validate.Range(0, 100), metadata=_COUNT)


class UnreadScopes(Wire):
    """Every followed scope, and the number on the app's badge: the unread posts of which one wants to hear."""

    items = Whole(fields.Nested(Unread), of="scopes that one person follows", required=True)
    badge = fields.Integer(required=True, validate=validate.Range(0, 100), metadata=_COUNT)


class Reader(Wire):
    """Somebody who has read up to a post, and when they last said how far."""

    person = fields.Nested(Person, required=True)
    read_at = Moment(required=True)


ReaderPage = page_of(Reader, "ReaderPage")
