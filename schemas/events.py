"""Every event and its payload, as sync and live carry them."""

from functools import cache
from typing import Any

from marshmallow import ValidationError, fields, validate

from base.text import shortened
from schemas.audit import AuditRecord
from schemas.base import ID, Moment, Separated, Some, Wire
from schemas.direct_conversations import DirectConversation
from schemas.musters import Muster, MusterUpdate
from schemas.notices import Acknowledgement, Reminder, Unanswered
from schemas.occupancy import OccupancyChange
from schemas.online import LastSeenChoice
from schemas.people import Membership
from schemas.places import Place
from schemas.posts import Post
from schemas.privacy import Charter
from schemas.reads import ReadAdvance
from schemas.roles import role_in_events
from schemas.scopes import Scope
from schemas.visits import Visit

MAX_WAIT_S = 30
MOST_EVENTS, MOST_NAMES = 500, 100
SIGN_IN_CHANGES = (
    "password",
    "address",
    "identifier",
    "verified",
    "reset_code",
    "totp",
    "totp_removed",
    "recovery_codes",
    "recovery_code",
    "passkey",
    "passkey_held",
    "pin",
    "pin_locked",
    "badge",
)


class Event(Wire):
    """One thing that happened. `data` is the subject as REST answers it, or null when it was erased.

    `subject_id` is there where `data` is null: the `id` that it had.
    """

    id = ID(required=True)
    position = fields.Integer(
        required=True,
        metadata={"description": "In the journal of the epoch that sync's page or the socket names"},
    )
    type = fields.String(required=True)
    occurred_at = Moment(required=True)
    scope_id = ID(required=True, allow_none=True, metadata={"description": "Null when it concerns only you"})
    actor_id = ID(required=True, allow_none=True)
    data = fields.Dict(required=True, allow_none=True)
    subject_id = ID(metadata={"description": "Only where data is null: what the event was about"})


class Names(Separated):
    """Names of members of events' data, with commas between them; read as a set."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        names = set(self.parts(value, attr, data, **options))
        if unknown := names - _members():
            told = shortened(", ".join(sorted(unknown)), 200)
            raise ValidationError(f"No event has this in its data: {told}.")
        return names


@cache
def _members() -> frozenset[str]:
    """What any event has in its data."""
    return frozenset(field for payload in PAYLOADS.values() for field in payload().fields)


class SyncQuery(Wire):
    """Where to go on, and how many."""

    after = fields.Integer(required=True, validate=validate.Range(0, 2**53))
    epoch = fields.String(
        load_default=None,
        validate=validate.Length(1, 64),
        metadata={"description": "The epoch that came with the position; 410 when it is not the present one"},
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST_EVENTS))
    wait = fields.Integer(
        load_default=0,
        validate=validate.Range(0, MAX_WAIT_S),
        metadata={"description": "Seconds to wait for something to tell"},
    )
    members = Names(
        most=MOST_NAMES,
        data_key="fields",
        load_default=None,
        metadata={
            "description": "Of the data of scopes' events only these members (and id, version, deleted_at)"
        },
    )


class SyncPage(Wire):
    """Events in order; go on from `position` while `more`."""

    items = Some(fields.Nested(Event), most=MOST_EVENTS, required=True)
    position = fields.Integer(required=True)
    epoch = fields.String(required=True, metadata={"description": "What the position is of: keep both"})
    more = fields.Boolean(required=True)


class StartedMembership(Membership):
    """A membership, and where what was said before is fetched from; what comes after it comes as events."""

    fetch_from = fields.String(required=True)


class EndedMembership(Membership):
    """A membership, why it ended (left, unassigned, expired, archived, account_ended), and of which scope the phone
    deletes everything."""

    reason = fields.String(required=True)
    delete_scope_id = ID(required=True)


class RightsChange(Wire):
    """A role above that of a member was given, changed or taken; the event's actor did it (null: an operator, or time).

    `scope_id` is where: for administrators the organisation's own. Null before or after: no part in it, as far as roles
    say. A role that was given beside account and membership is named by its key, a role of the organisation's own by
    its id; the same before and after: what it allows has changed.
    """

    person_id = ID(required=True)
    scope_id = ID(required=True)
    before = role_in_events()
    after = role_in_events()
    changed_at = Moment(required=True)


class RegistrationChange(Wire):
    """Somebody who registered waits for a decision, or somebody has decided, who is the event's actor. Who it is, is in
    `GET /v1/admin/registrations/{id}`."""

    id = ID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("awaiting", "approved", "refused")))
    changed_at = Moment(required=True)


class SignInChange(Wire):
    """How one signs in has changed, or a code was made that lets it change; the event's actor did it, null for an
    operator. A new address is in `GET /v1/me`, all that one signs in with in `GET /v1/me/identifiers`. With
    `passkey_held` a passkey counted backwards, and `pin_locked` too many PINs were wrong: nobody knows who did that."""

    what = fields.String(required=True, validate=validate.OneOf(SIGN_IN_CHANGES))
    changed_at = Moment(required=True)


class NewSignIn(Wire):
    """Somebody signed in as this person on a device that was not theirs; if it was not they, they end the session."""

    session_id = ID(required=True)
    platform = fields.String(required=True)
    device_name = fields.String(required=True, allow_none=True)
    signed_in_at = Moment(required=True)


class EndedSession(Wire):
    """A session that is over: its tokens are worthless and its sockets close."""

    session_id = ID(required=True)
    reason = fields.String(required=True)
    ended_at = Moment(required=True)


# By the names that the types of events are declared with (`journal/catalogue.py`).
PAYLOADS: dict[str, type[Wire]] = {
    schema.__name__: schema
    for schema in (
        Post,
        Reminder,
        Unanswered,
        Acknowledgement,
        Scope,
        ReadAdvance,
        StartedMembership,
        Membership,
        EndedMembership,
        RightsChange,
        DirectConversation,
        Visit,
        OccupancyChange,
        Muster,
        MusterUpdate,
        Charter,
        Place,
        LastSeenChoice,
        SignInChange,
        NewSignIn,
        RegistrationChange,
        EndedSession,
        AuditRecord,
    )
}
