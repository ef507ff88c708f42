"""Direct conversations on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, SOME_ID, Wire
from schemas.people import Person
from schemas.scopes import Scope


class NewDirectConversation(Wire):
    """Whom one wants to talk with; oneself need not be named."""

    example: ClassVar = {"person_ids": [SOME_ID]}
    person_ids = fields.List(ID(), required=True, validate=validate.Length(1, 7))


class DirectConversation(Wire):
    """A scope of a few people. Posts go to it as to any other scope. Who left it comes back by opening it, and not
    otherwise."""

    scope = fields.Nested(Scope, required=True)
    persons = fields.List(fields.Nested(Person), required=True)
    left_ids = fields.List(
        ID(), required=True, metadata={"description": "Which of the persons are not, or no longer, in it"}
    )
