"""Services on the wire: programs that ask with a token of their own."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, SOME_ID, Cursor, Moment, Name, Some, Wire, page_of

# As `people/permissions.py` says; a test holds them together.
PERMISSIONS = (
    "organisation:audit:export",
    "organisation:audit:read",
    "organisation:push:manage",
    "organisation:sites:create",
    "scope:alerts:raise",
    "scope:announcements:write",
    "scope:posts:moderate",
    "scope:posts:read",
    "scope:posts:write",
    "scope:settings:edit",
    "site:markers:manage",
    "site:musters:run",
    "site:occupancy:read",
    "site:places:edit",
    "site:places:read",
    "site:visits:edit",
    "site:visits:read",
)
MOST_SCOPES = 20


class NewService(Wire):
    """A service to make."""

    example: ClassVar = {
        "name": "Access control",
        "permissions": ["site:occupancy:read"],
        "scope_ids": [SOME_ID],
        "days": 90,
    }
    name = Name(1, 100, required=True, metadata={"description": "What it writes is under this name"})
    permissions = Some(
        fields.String(validate=validate.OneOf(PERMISSIONS)),
        most=len(PERMISSIONS),
        least=1,
        required=True,
        metadata={"description": "What it may do: nothing that whoever makes it may not"},
    )
    scope_ids = Some(
        ID(),
        most=MOST_SCOPES,
        least=1,
        required=True,
        metadata={"description": "Where, with their parts; the organisation's id: everywhere in it"},
    )
    days = fields.Integer(load_default=90, strict=True, validate=validate.Range(1, 365))


class Service(Wire):
    """A service; `token` is there only in the answer that makes it."""

    id = ID(required=True)
    name = fields.String(required=True)
    token = fields.String(
        required=True, allow_none=True, metadata={"description": "Shown once: `Authorization: Bearer hst_…`"}
    )
    permissions = Some(fields.String(), most=len(PERMISSIONS), required=True)
    scope_ids = Some(ID(), most=MOST_SCOPES, required=True)
    created_by = ID(required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True)
    last_used_at = Moment(required=True, allow_none=True, metadata={"description": "To the minute"})
    ended_at = Moment(required=True, allow_none=True)


ServicePage = page_of(Service, "ServicePage")


class ServiceQuery(Cursor):
    """Query of a list of services."""
