"""Scopes on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, Wire
from schemas.people import SCOPE_KINDS

PUSH_CONTENTS = ("place", "sender", "full", "id")


class ScopeEdit(Wire):
    """What managers set about a scope."""

    example: ClassVar = {"read_receipts": True}
    read_receipts = fields.Boolean(truthy={True}, falsy={False})
    push_content = fields.String(allow_none=True, validate=validate.OneOf(PUSH_CONTENTS))


class Scope(Wire):
    """A scope as its members see it."""

    id = ID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(SCOPE_KINDS))
    name = fields.String(required=True)
    parent_id = ID(required=True, allow_none=True)
    admission = fields.String(required=True)
    history = fields.String(required=True)
    read_receipts = fields.Boolean(required=True)


class ScopeSettings(Scope):
    """A scope as its managers see it. `push_content`: how much pushes let out; null: as the organisation says."""

    push_content = fields.String(required=True, allow_none=True, validate=validate.OneOf(PUSH_CONTENTS))
