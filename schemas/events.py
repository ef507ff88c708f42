"""Every event and its payload, as sync and live carry them."""

from marshmallow import fields, validate

from schemas.base import ID, Moment, Wire
from schemas.musters import Muster, MusterUpdate
from schemas.occupancy import OccupancyChange
from schemas.people import Membership
from schemas.places import Place
from schemas.posts import Post
from schemas.privacy import Charter
from schemas.visits import Visit


class Event(Wire):
    """One thing that happened. `data` is the subject as REST answers it, or null when it was erased."""

    id = ID(required=True)
    position = fields.Integer(required=True)
    type = fields.String(required=True)
    occurred_at = Moment(required=True)
    scope_id = ID(required=True, allow_none=True, metadata={"description": "Null when it concerns only you"})
    actor_id = ID(required=True, allow_none=True)
    data = fields.Dict(required=True, allow_none=True)


class SyncQuery(Wire):
    """Where to go on, and how many."""

    after = fields.Integer(required=True, validate=validate.Range(0, 2**53))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class SyncPage(Wire):
    """Events in order; go on from `position` while `more`."""

    items = fields.List(fields.Nested(Event), required=True)
    position = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class EndedMembership(Membership):
    """A membership and why it ended: left, unassigned, expired, archived, account_ended."""

    reason = fields.String(required=True)


class EndedSession(Wire):
    """A session that is over: its tokens are worthless and its sockets close."""

    session_id = ID(required=True)
    reason = fields.String(required=True)
    ended_at = Moment(required=True)


PAYLOADS: dict[str, type[Wire]] = {
    "post.created": Post,
    "post.updated": Post,
    "post.deleted": Post,
    "membership.started": Membership,
    "membership.ended": EndedMembership,
    "visit.started": Visit,
    "visit.updated": Visit,
    "visit.stale": Visit,
    "visit.resumed": Visit,
    "visit.ended": Visit,
    "occupancy.exceeded": OccupancyChange,
    "occupancy.restored": OccupancyChange,
    "muster.started": Muster,
    "muster.reminded": Muster,
    "muster.ended": Muster,
    "muster.updated": MusterUpdate,
    "charter.updated": Charter,
    "place.created": Place,
    "place.updated": Place,
    "place.archived": Place,
    "session.ended": EndedSession,
}
