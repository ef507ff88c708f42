"""Direct conversations on the wire."""

from typing import ClassVar

from marshmallow import fields

from schemas.base import ID, SOME_ID, Some, Wire
from schemas.people import Person
from schemas.scopes import Scope

MOST_OTHERS = 7


class NewDirectConversation(Wire):
    """Whom one wants to talk with; oneself need not be named."""

    example: ClassVar = {"person_ids": [SOME_ID]}
    person_ids = Some(ID(), least=1, most=MOST_OTHERS, required=True)


class DirectConversation(Wire):
    """A scope of a few people. Posts go to it as to any other scope. Who left it comes back by opening it, and not
    otherwise."""

    scope = fields.Nested(Scope, required=True)
    persons = Some(fields.Nested(Person), most=MOST_OTHERS + 1, required=True)
    left_ids = Some(
        ID(),
        most=MOST_OTHERS + 1,
        required=True,
        metadata={"description": "Which of the persons are not, or no longer, in it"},
    )
