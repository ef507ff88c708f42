"""Scopes on the wire."""

from marshmallow import fields, validate

from schemas.base import ID, Wire
from schemas.people import SCOPE_KINDS


class ScopeEdit(Wire):
    """What managers set about a scope."""

    read_receipts = fields.Boolean(required=True, truthy={True}, falsy={False})


class Scope(Wire):
    """A scope as its members see it."""

    id = ID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(SCOPE_KINDS))
    name = fields.String(required=True)
    parent_id = ID(required=True, allow_none=True)
    admission = fields.String(required=True)
    history = fields.String(required=True)
    read_receipts = fields.Boolean(required=True)
