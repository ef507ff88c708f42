"""Roles, who has which of them, and why somebody may do what they may, on the wire."""

from typing import Any, ClassVar
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from schemas.base import ID, SOME_ID, Cursor, Moment, Name, Some, Whole, Wire, page_of
from schemas.people import SCOPE_KINDS, Person

GIVEN_ROLES = ("organisation_administrator", "site_manager", "moderator", "warden", "compliance_officer")
_IN_EVENTS = ("member", "manager", "service")
_MOST_PERMISSIONS = 100
_KEY = "One of those that there always are, or the id of one of the organisation's own"


class RoleKey(fields.String):
    """A role by its key: a word for those that there always are, an id for those that organisations make."""

    def __init__(self, *also: str, **options: Any) -> None:
        super().__init__(metadata={"description": _KEY, "maxLength": 36}, **options)
        self._words = (*GIVEN_ROLES, *also)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = super()._deserialize(value, attr, data, **options)
        if given in self._words:
            return given
        try:
            return str(UUID(given))
        except ValueError:
            raise ValidationError("Not the key of a role.") from None


def role_in_events() -> RoleKey:
    """A role before or after a change, also those that account and membership say, and that of a program."""
    return RoleKey(*_IN_EVENTS, required=True, allow_none=True)


def _permission() -> fields.String:
    return fields.String(validate=[validate.Length(max=60), validate.Regexp(r"^[a-z]+:[a-z_]+:[a-z]+\Z")])


class Role(Wire):
    """A role that can be given. `name` and `version` are of those that an organisation makes."""

    id = RoleKey(required=True)
    name = fields.String(required=True, allow_none=True)
    permissions = Some(fields.String(), most=_MOST_PERMISSIONS, required=True)
    version = fields.Integer(required=True, allow_none=True)


class CustomRole(Wire):
    """A role of the organisation's own making."""

    id = ID(required=True)
    name = fields.String(required=True)
    permissions = Some(fields.String(), most=_MOST_PERMISSIONS, required=True)
    version = fields.Integer(required=True)


class RoleList(Wire):
    """All roles that there are to give."""

    items = Some(fields.Nested(Role), most=200, required=True)


class NewRole(Wire):
    """A role to make: what it allows, all of which its maker has."""

    example: ClassVar = {"name": "Night desk", "permissions": ["scope:posts:read", "site:visits:read"]}
    name = Name(1, 100, required=True)
    permissions = Some(_permission(), least=1, most=_MOST_PERMISSIONS, required=True)


class RoleEdit(Wire):
    """What changes about a role; what is not named stays."""

    example: ClassVar = {"name": "Night desk", "permissions": ["scope:posts:read", "site:visits:read"]}
    name = Name(1, 100)
    permissions = Some(_permission(), least=1, most=_MOST_PERMISSIONS)


class RoleScope(Wire):
    """Where a role is given."""

    id = ID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(SCOPE_KINDS))
    name = fields.String(required=True)


class RoleGrant(Wire):
    """A role that somebody has: where, by whom (null: not known, or an operator), until when (null: for good)."""

    id = ID(required=True)
    person = fields.Nested(Person, required=True)
    role = RoleKey(required=True)
    role_name = fields.String(
        required=True, allow_none=True, metadata={"description": "Of a role of the organisation's own"}
    )
    scope = fields.Nested(RoleScope, required=True)
    given_by = fields.Nested(Person, required=True, allow_none=True)
    given_at = Moment(required=True, allow_none=True)
    ends_at = Moment(required=True, allow_none=True)


RoleGrantPage = page_of(RoleGrant, "RoleGrantPage")


class RoleGrantList(Wire):
    """Every role that one has."""

    items = Whole(fields.Nested(RoleGrant), of="roles of one person", required=True)


class RoleGrantQuery(Cursor):
    """Of which scope and its parts (none: of all), and whose."""

    scope_id = ID(load_default=None)
    person_id = ID(load_default=None)


class NewRoleGrant(Wire):
    """A role to give. Without a scope it is given for the whole organisation, without an end for good."""

    example: ClassVar = {"person_id": SOME_ID, "role": "moderator"}
    person_id = ID(required=True)
    role = RoleKey(required=True)
    scope_id = ID(load_default=None, allow_none=True)
    ends_at = Moment(load_default=None, allow_none=True)


class AccessReason(Wire):
    """One reason for what somebody may do. Without a scope it is not told where."""

    because = fields.String(
        required=True,
        validate=validate.OneOf(("account", "open", "membership", "role", "presence", "conversations")),
    )
    scope = fields.Nested(RoleScope, required=True, allow_none=True)
    permissions = Some(fields.String(), most=_MOST_PERMISSIONS, required=True)
    given_by = fields.Nested(Person, required=True, allow_none=True)
    since = Moment(required=True, allow_none=True)
    until = Moment(required=True, allow_none=True)
    words = fields.String(
        required=True, metadata={"description": "The reason as a sentence, in the asker's language"}
    )


class Access(Wire):
    """Why somebody can see and do what they can."""

    person = fields.Nested(Person, required=True)
    items = Whole(fields.Nested(AccessReason), of="reasons of one person", required=True)
