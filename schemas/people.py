"""Persons, organisations, devices, memberships and invitations on the wire."""

from typing import ClassVar

from marshmallow import RAISE, fields, validate

from schemas.base import (
    ID,
    Address,
    Installation,
    Moment,
    Name,
    Password,
    Some,
    Whole,
    Wire,
    page_of,
    timezone_name,
)
from schemas.profiles import LOCALES, Profile

ROLES = ("member", "visitor", "organisation_administrator")
PLATFORMS = ("android", "ios", "web")
LEVELS = ("all", "mentions", "announcements", "nothing")
LAST_SEEN = ("nobody", "colleagues")
SCOPE_KINDS = ("organisation", "site", "zone", "group", "direct")


class Person(Wire):
    """A person as colleagues see one."""

    id = ID(required=True)
    name = fields.String(required=True)


class Account(Person):
    """A person as oneself and administrators see one."""

    email = fields.String(
        required=True, allow_none=True, metadata={"description": "The oldest, if there is any"}
    )
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    locale = fields.String(required=True)
    timezone = fields.String(required=True)
    created_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


AccountPage = page_of(Account, "AccountPage")


class Organisation(Wire):
    """The tenant."""

    id = ID(required=True)
    slug = fields.String(required=True)
    name = fields.String(required=True)


class App(Wire):
    """The installed app that signs in."""

    installation_id = Installation(required=True)
    platform = fields.String(required=True, validate=validate.OneOf(PLATFORMS))
    name = Name(1, 100, load_default=None, allow_none=True)
    locale = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(LOCALES))
    app_version = Name(1, 40, load_default=None, allow_none=True)


class PushState(Wire):
    """Whether and how the device is reached by push."""

    registered = fields.Boolean(required=True)
    kind = fields.String(required=True, allow_none=True)
    registered_at = Moment(required=True, allow_none=True)


class Device(Wire):
    """A device as its owner sees it."""

    id = ID(required=True)
    installation_id = fields.String(required=True)
    platform = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True, allow_none=True)
    app_version = fields.String(required=True, allow_none=True)
    push = fields.Nested(PushState, required=True)
    last_seen_at = Moment(required=True)


class PushAddress(Wire):
    """Where FCM reaches the device: a registration token or a Firebase installation id."""

    example: ClassVar = {"kind": "token", "address": "fcm-registration-token-of-the-app"}
    kind = fields.String(required=True, validate=validate.OneOf(("token", "fid")))
    address = fields.String(
        required=True,
        validate=[validate.Length(min=8, max=4096), validate.Regexp(r"^[A-Za-z0-9:_\-]+\Z")],
    )


class Membership(Wire):
    """A person's part in a scope."""

    id = ID(required=True)
    scope_id = ID(required=True)
    scope_kind = fields.String(required=True, validate=validate.OneOf(SCOPE_KINDS))
    scope_name = fields.String(required=True)
    person_id = ID(required=True)
    role = fields.String(required=True, validate=validate.OneOf(("member", "manager")))
    source = fields.String(required=True, validate=validate.OneOf(("assigned", "joined", "presence")))
    level = fields.String(
        required=True,
        validate=validate.OneOf(LEVELS),
        metadata={"description": "What wakes the phone: see notifications"},
    )
    muted_until = Moment(
        required=True, allow_none=True, metadata={"description": "Until then only alerts wake the phone"}
    )
    history = fields.String(required=True, validate=validate.OneOf(("since_entry", "all")))
    read_receipts = fields.Boolean(
        required=True, metadata={"description": "Whether authors and managers see who has read a post"}
    )
    started_at = Moment(required=True)
    ends_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When the grace time after leaving, or a visitor's time, is over"},
    )
    ended_at = Moment(required=True, allow_none=True)


class MembershipWishes(Wire):
    """How loud a scope is; what is not named stays as it is."""

    example: ClassVar = {"level": "mentions"}
    level = fields.String(validate=validate.OneOf(LEVELS))
    muted_until = Moment(
        allow_none=True, metadata={"description": "Until then only alerts wake the phone; null: no longer"}
    )


class MembershipOfPerson(Membership):
    """A membership with the person's name, for managers; how loud the scope is for them is theirs alone to know."""

    class Meta:
        """As every schema, but without what is the person's own."""

        unknown = RAISE
        exclude = ("level", "muted_until")

    person = fields.Nested(Person, required=True)


MembershipPage = page_of(MembershipOfPerson, "MembershipPage")


class Assignment(Wire):
    """Assign a person to a scope."""

    example: ClassVar = {"role": "member"}
    role = fields.String(load_default="member", validate=validate.OneOf(("member", "manager")))
    ends_at = Moment(
        load_default=None, allow_none=True, metadata={"description": "For visitors: when it ends by itself"}
    )


class Me(Wire):
    """All that an app needs at its start."""

    person = fields.Nested(Account, required=True)
    profile = fields.Nested(Profile, required=True)
    last_seen = fields.String(
        required=True,
        validate=validate.OneOf(LAST_SEEN),
        metadata={"description": "Who sees whether I am online; with `nobody` I see nobody's either"},
    )
    organisation = fields.Nested(Organisation, required=True)
    device = fields.Nested(Device, required=True)
    session_id = ID(required=True)
    permissions = Some(fields.String(), most=100, required=True)
    memberships = Whole(fields.Nested(Membership), of="memberships of one person", required=True)
    settings = fields.Dict(required=True)
    server_time = Moment(required=True)
    position = fields.Integer(required=True, metadata={"description": "Sync from here"})
    epoch = fields.String(
        required=True, metadata={"description": "What the position is of: give both to sync"}
    )


class ProfileEdit(Wire):
    """What people change about themselves."""

    example: ClassVar = {"locale": "ko", "timezone": "Asia/Seoul", "last_seen": "colleagues"}
    name = Name(1, 100)
    locale = fields.String(validate=validate.OneOf(LOCALES))
    timezone = fields.String(validate=timezone_name)
    last_seen = fields.String(validate=validate.OneOf(LAST_SEEN))


class AddressChange(Wire):
    """The address that somebody is to sign in with."""

    example: ClassVar = {"email": "mina.kim@example.com"}
    email = Address(3, 254, required=True, also=[validate.Email()])


class OwnAddressChange(AddressChange):
    """The address that one wants to sign in with, and one's password."""

    example: ClassVar = {"email": "mina.kim@example.com", "password": "correct horse battery"}
    password = Password(required=True)
