"""What a phone queued while it had no network, on the wire."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.base import ID, SOME_ID, SOME_TIME, Each, Moment, Some, Wire
from schemas.markers import ChangedVisits, CheckIn, CheckOut
from schemas.musters import MusterAnswer, MusterCard
from schemas.notices import Acknowledgement
from schemas.posts import NewPost, Post, PostEdit
from schemas.problems import ProblemDetails
from schemas.reads import ReadPosition, known_epoch, known_position

MOST = 100


class OutboxBatch(Wire):
    """What was queued, oldest first. `sent_at` is the phone's time now: it corrects the times of the items."""

    example: ClassVar = {
        "sent_at": SOME_TIME,
        "items": [
            {
                "kind": "post",
                "client_id": "phone-7-post-42",
                "at": SOME_TIME,
                "scope_id": SOME_ID,
                "text": "Pump 3 leaks.",
            }
        ],
    }
    sent_at = Moment(required=True)
    items = Each(
        fields.Dict(),
        least=1,
        most=MOST,
        required=True,
        metadata={
            "description": "Each with client_id, kind, at, and what its kind needs; docs/sync.md lists them"
        },
    )


class Queued(Wire):
    """What every queued act has: the app's own id for it, and when it was done by the phone's clock."""

    client_id = fields.String(required=True, validate=validate.Length(8, 64))
    kind = fields.String(required=True, validate=validate.Length(max=40))
    at = Moment(required=True)


class OfPost(Queued):
    """An act on a post that the server has named, or on one of one's own that is still queued."""

    post_id = ID(load_default=None, allow_none=True)
    post_client_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))

    @validates_schema
    def check_post(self, data: dict[str, Any], **_: Any) -> None:
        """One of the two names the post."""
        if (data.get("post_id") is None) is (data.get("post_client_id") is None):
            raise ValidationError("Give post_id or post_client_id.", "post_id")


class QueuedPost(Queued, NewPost):
    """A post to publish; its `client_id` is the post's."""

    client_id = fields.String(required=True, validate=validate.Length(8, 64))
    scope_id = ID(required=True)
    parent_client_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))


class QueuedEdit(OfPost, PostEdit):
    """New words for a post."""


class QueuedDeletion(OfPost):
    """A post to delete."""


class QueuedRead(OfPost):
    """How far one has read in a scope."""

    scope_id = ID(required=True)
    position = known_position()
    epoch = known_epoch()


class QueuedAcknowledgement(Queued):
    """The word that one knows of a notice."""

    post_id = ID(required=True)


class QueuedMusterAnswer(Queued, MusterAnswer):
    """An answer to a roll call."""

    muster_id = ID(required=True)


class QueuedCheckIn(Queued, CheckIn):
    """A code that was scanned, a beacon or access point that was heard."""

    kind = fields.String(required=True, validate=validate.Length(max=40))
    scanned = fields.String(required=True, validate=validate.OneOf(("code", "beacon", "wifi")))
    at = Moment(required=True)


class QueuedCheckOut(Queued, CheckOut):
    """A place that one has left."""


KINDS: dict[str, type[Queued]] = {
    "post": QueuedPost,
    "edit": QueuedEdit,
    "deletion": QueuedDeletion,
    "read": QueuedRead,
    "acknowledgement": QueuedAcknowledgement,
    "muster_answer": QueuedMusterAnswer,
    "check_in": QueuedCheckIn,
    "check_out": QueuedCheckOut,
}


# What each kind is answered with, as by its own route; None: nothing.
ANSWERS: dict[str, type[Wire] | None] = {
    "post": Post,
    "edit": Post,
    "deletion": None,
    "read": ReadPosition,
    "acknowledgement": Acknowledgement,
    "muster_answer": MusterCard,
    "check_in": ChangedVisits,
    "check_out": ChangedVisits,
}


class OutboxResult(Wire):
    """What became of one item: as if it had been a request of its own."""

    index = fields.Integer(required=True)
    client_id = fields.String(required=True, allow_none=True)
    status = fields.Integer(
        required=True, metadata={"description": "Below 300: done; remove it from the queue"}
    )
    repeated = fields.Boolean(
        required=True, metadata={"description": "It was done before; this is that answer"}
    )
    doubt = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "item_too_old or item_in_future: done, but its time could not be believed"},
    )
    body = fields.Dict(required=True, allow_none=True)
    problem = fields.Nested(ProblemDetails, required=True, allow_none=True)


class OutboxReport(Wire):
    """A result an item, in order."""

    items = Some(fields.Nested(OutboxResult), most=MOST, required=True)
