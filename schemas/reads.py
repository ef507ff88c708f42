"""Read positions on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, SOME_ID, Moment, Wire, page_of
from schemas.people import Person

_COUNT = {"description": "Counted up to 100; show 100 as 99+"}


class NewReadPosition(Wire):
    """The last post that one has read."""

    example: ClassVar = {"post_id": SOME_ID}
    post_id = ID(required=True)


class ReadPosition(Wire):
    """How far one has read in a scope; null: nothing yet."""

    scope_id = ID(required=True)
    post_id = ID(required=True, allow_none=True)
    read_at = Moment(required=True, allow_none=True)


class Unread(ReadPosition):
    """What is unread in a scope."""

    unread = fields.Integer(required=True, validate=validate.Range(0, 100), metadata=_COUNT)
    mentions = fields.Integer(required=True, validate=validate.Range(0, 100), metadata=_COUNT)


class UnreadScopes(Wire):
    """Every followed scope."""

    items = fields.List(fields.Nested(Unread), required=True)


class Reader(Wire):
    """Somebody who has read up to a post, and when they last said how far."""

    person = fields.Nested(Person, required=True)
    read_at = Moment(required=True)


ReaderPage = page_of(Reader, "ReaderPage")
