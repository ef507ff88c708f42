"""The form of every refusal (RFC 9457)."""

from marshmallow import INCLUDE, fields

from schemas.base import MOST_FAULTS, Some, Wire


class Fault(Wire):
    """One fault, at one place of the input."""

    pointer = fields.String(required=True, metadata={"description": "JSON pointer into the body or query"})
    message = fields.String(required=True)


class ProblemDetails(Wire):
    """application/problem+json. Some codes add members of their own, which docs/errors.md lists."""

    class Meta:
        """Codes may add members."""

        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; decide by this"})
    request_id = fields.String(required=True)
    errors = Some(fields.Nested(Fault), most=MOST_FAULTS, required=True)
    more_errors = fields.Boolean(metadata={"description": "True where more is wrong than is told"})
    limit = fields.String(metadata={"description": "With 429: the name of the limit that was reached"})
    position = fields.Integer(metadata={"description": "With 410: the present one"})
    start_over = Some(
        fields.String(),
        most=10,
        metadata={"description": "With 410: the paths to fetch, in order, before going on"},
    )
