"""Posts on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, Moment, Point, Some, Text, Wire, page_of
from schemas.people import Person

MAX_TEXT = 10_000
MOST_MENTIONS = 50


class NewPost(Wire):
    """A post to publish. `client_id` is the app's own id for it: sent again, it is not published again."""

    example: ClassVar = {"text": "The crane is free.", "client_id": "phone-7-post-41"}
    text = Text(1, MAX_TEXT, required=True)
    point = fields.Nested(Point, load_default=None, allow_none=True)
    parent_id = ID(load_default=None, allow_none=True, metadata={"description": "Reply to this post"})
    mentions = Some(ID(), most=MOST_MENTIONS, load_default=list)
    client_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(8, 64))


class PostEdit(Wire):
    """New words for a post; without `mentions` it names whom it named."""

    example: ClassVar = {"text": "The crane is free from noon on."}
    text = Text(1, MAX_TEXT, required=True)
    mentions = Some(ID(), most=MOST_MENTIONS)


class Post(Wire):
    """A post; a deleted one is a tombstone without text and point."""

    id = ID(required=True)
    scope_id = ID(required=True)
    author = fields.Nested(Person, required=True)
    parent_id = ID(required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(("post", "announcement", "alert")))
    text = fields.String(required=True, allow_none=True)
    point = fields.Nested(Point, required=True, allow_none=True)
    mentions = Some(fields.Nested(Person), most=MOST_MENTIONS, required=True)
    asks_acknowledgement = fields.Boolean(required=True)
    valid_until = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When an announcement or alert ends by itself"},
    )
    ended_at = Moment(
        required=True, allow_none=True, metadata={"description": "It is over: take it from the lock screen"}
    )
    client_id = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    written_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "The phone's time, where the post waited there for a network"},
    )
    created_at = Moment(required=True)
    edited_at = Moment(required=True, allow_none=True)
    deleted_at = Moment(required=True, allow_none=True)


PostPage = page_of(Post, "PostPage")


class FeedPage(page_of(Post, "Posts")):
    """A page of a feed, and where the journal stood: who has read it all has read what was told of up to there."""

    position = fields.Integer(required=True)
    epoch = fields.String(required=True, metadata={"description": "What the position is of: keep both"})
