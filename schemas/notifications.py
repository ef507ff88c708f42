"""The list in the app, on the wire."""

from marshmallow import fields, validate

from schemas.base import ID, Cursor, Moment, Name, Some, Wire, page_of
from schemas.musters import MusterCard
from schemas.posts import Post

CONCERNS = ("mention", "reply", "direct", "announcement", "alert", "muster", "digest")


class InboxQuery(Cursor):
    """Everything, or what is unread."""

    unread = fields.Boolean(load_default=False)


class DigestPlace(Wire):
    """A scope of which something mattered."""

    scope_id = ID(required=True)
    name = fields.String(required=True)


class Digest(Wire):
    """What mattered while one was away: how much of it, and where; the three newest scopes."""

    count = fields.Integer(required=True)
    alerts = fields.Integer(required=True)
    announcements = fields.Integer(required=True)
    mentions = fields.Integer(required=True)
    replies = fields.Integer(required=True)
    direct = fields.Integer(required=True)
    places = Some(fields.Nested(DigestPlace), most=3, required=True)


class InboxItem(Wire):
    """Something that concerned me. One of `post`, `muster` and `digest` is there."""

    id = ID(required=True, metadata={"description": "The id of the post or roll call"})
    why = fields.String(required=True, validate=validate.OneOf(CONCERNS))
    at = Moment(required=True)
    read = fields.Boolean(required=True)
    scope_id = ID(required=True, allow_none=True)
    post = fields.Nested(Post, required=True, allow_none=True)
    muster = fields.Nested(MusterCard, required=True, allow_none=True)
    digest = fields.Nested(Digest, required=True, allow_none=True)


InboxPage = page_of(InboxItem, "InboxPage")


class InboxCount(Wire):
    """How much is unread."""

    unread = fields.Integer(
        required=True,
        validate=validate.Range(0, 100),
        metadata={"description": "Counted up to 100; show 100 as 99+"},
    )


class ContentQuery(Wire):
    """Which phone asks for the words of a push."""

    installation_id = Name(
        8,
        100,
        required=True,
        metadata={
            "description": "The app's own, with which it signed in",
            "example": "an-id-that-the-app-keeps",
        },
    )


class NotificationContent(Wire):
    """What a push had to tell, in the language of the phone."""

    notification_id = ID(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
