"""Every type of event there is, each declared once.

Live, sync, push, the place index, erasing, the chain and the documents read it here. What is not declared here cannot
be written, and an event that a newer release wrote is treated with caution: as something said in its scope.
"""

from functools import partial
from uuid import UUID

from journal import early, lifts
from journal.event_types import About, EventType, Payload, Reach, Reader

_MANAGERS = "those who oversee the roll call"
_FOLLOWERS = "those who follow the scope"
_PERSON = "the person"
_NOBODY: frozenset[Reader] = frozenset()
_PUSH = frozenset({Reader.PUSH})

_post = partial(
    EventType,
    payload="Post",
    reach=Reach.SAID,
    to=_FOLLOWERS,
    readers=_PUSH,
    personal=frozenset({"author", "text", "point", "mentions", "client_id", "written_at"}),
    early=early.lacking(
        "id",
        "scope_id",
        kind="post",
        mentions=[],
        asks_acknowledgement=False,
        valid_until=None,
        ended_at=None,
        written_at=None,
    ),
)
POST_CREATED = _post("post.created", begins=True, names="mentions")
POST_UPDATED = _post("post.updated", names="mentions")
POST_DELETED = _post("post.deleted")

# What is told again counts as said when it was said first: the subject of the event is the post.
ALERT_REMINDED = EventType(
    "alert.reminded",
    payload="Reminder",
    reach=Reach.SAID,
    to=_FOLLOWERS,
    readers=_PUSH,
    personal=frozenset({"post"}),
)
ALERT_UNANSWERED = EventType(
    "alert.unanswered",
    payload="Unanswered",
    reach=Reach.PERSON,
    to="the managers of the scope and of its site, or else the administrators",
    readers=_PUSH,
    personal=frozenset(),
    early=early.UNANSWERED,
)
ACKNOWLEDGEMENT_CREATED = EventType(
    "acknowledgement.created",
    payload="Acknowledgement",
    reach=Reach.PERSON,
    to=_PERSON,
    readers=_PUSH,
    personal=frozenset({"post_id", "scope_id", "acknowledged_at"}),
)

SCOPE_UPDATED = EventType(
    "scope.updated",
    payload="Scope",
    reach=Reach.SO,
    to=_FOLLOWERS,
    readers=_NOBODY,
    personal=frozenset({"name"}),  # of a direct conversation
)
READ_ADVANCED = EventType(
    "read.advanced",
    payload="ReadAdvance",
    reach=Reach.PERSON,
    to=_PERSON,
    readers=_PUSH,
    personal=frozenset({"scope_id", "post_id", "position", "read_at", "device_id"}),
    version=2,
    lifts={1: lambda payload: payload | {"position": None, "device_id": None}},
)

_MEMBERSHIP = frozenset(
    {"id", "scope_id", "scope_kind", "scope_name", "person_id", "role", "source", "level", "muted_until"}
    | {"history", "read_receipts", "started_at", "ends_at", "ended_at"}
)
_membership = partial(EventType, reach=Reach.PERSON, to=_PERSON, about=About("scope_id", source="presence"))
MEMBERSHIP_STARTED = _membership(
    "membership.started",
    payload="StartedMembership",
    readers=frozenset({Reader.ROOMS, Reader.ONLINE, Reader.PUSH}),
    personal=_MEMBERSHIP | {"fetch_from"},
    begins=True,
    early=early.STARTED,
)
MEMBERSHIP_UPDATED = _membership(
    "membership.updated", payload="Membership", readers=_NOBODY, personal=_MEMBERSHIP
)
MEMBERSHIP_ENDED = _membership(
    "membership.ended",
    payload="EndedMembership",
    readers=frozenset({Reader.ROOMS, Reader.ONLINE, Reader.PUSH}),
    personal=_MEMBERSHIP | {"reason", "delete_scope_id"},
    early=early.ENDED,
)

RIGHTS_CHANGED = EventType(
    "rights.changed",
    payload="RightsChange",
    reach=Reach.PERSON,
    to="the person, the managers of the scope and of its site, the administrators; of a compliance officer the others",
    readers=_NOBODY,
    personal=frozenset({"person_id", "scope_id", "before", "after", "changed_at"}),
)
DIRECT_UPDATED = EventType(
    "direct.updated",
    payload="DirectConversation",
    reach=Reach.SO,
    to=_FOLLOWERS,
    readers=_NOBODY,
    personal=frozenset({"scope", "persons", "left_ids"}),
)

_OF_PLACE = About("place_id")
_visit = partial(
    EventType,
    payload="Visit",
    reach=Reach.PERSON,
    to=_PERSON,
    personal=frozenset(
        {"id", "person_id", "place_id", "place_kind", "place_name", "source", "confidence", "doubtful"}
        | {"entered_at", "stale_at", "left_at", "end_reason"}
    ),
    about=_OF_PLACE,
    early=early.lacking("id", "place_id", confidence=1, stale_at=None, end_reason=None),
)
VISIT_STARTED = _visit("visit.started", readers=_PUSH)
VISIT_UPDATED = _visit("visit.updated", readers=_NOBODY)
VISIT_STALE = _visit("visit.stale", readers=_NOBODY)
VISIT_RESUMED = _visit("visit.resumed", readers=_NOBODY)
VISIT_ENDED = _visit("visit.ended", readers=_PUSH)

_occupancy = partial(
    EventType,
    payload="OccupancyChange",
    reach=Reach.SO,
    to="those who follow the place",
    readers=_NOBODY,
    personal=frozenset[str](),  # numbers, none of so few that they would be persons
)
OCCUPANCY_EXCEEDED = _occupancy("occupancy.exceeded")
OCCUPANCY_RESTORED = _occupancy("occupancy.restored")

# That somebody was on a roll call, and safe, stays in its report (`geo/musters/`).
_muster = partial(
    EventType,
    payload="Muster",
    reach=Reach.PERSON,
    personal=frozenset({"place_id", "place_kind", "place_name", "message", "started_by"}),
    about=_OF_PLACE,
)
MUSTER_STARTED = _muster("muster.started", to="everyone on the roll", readers=_PUSH)
MUSTER_REMINDED = _muster("muster.reminded", to="those on the roll who have not answered", readers=_PUSH)
MUSTER_ENDED = _muster("muster.ended", to=f"everyone on the roll, and {_MANAGERS}", readers=_NOBODY)
MUSTER_UPDATED = EventType(
    "muster.updated",
    payload="MusterUpdate",
    reach=Reach.PERSON,
    to=_MANAGERS,
    readers=_NOBODY,
    personal=frozenset({"entry"}),
    version=2,
    lifts={1: lifts.before_bursts},
    about=_OF_PLACE,
    early=early.MUSTER_UPDATE,
)

CHARTER_UPDATED = EventType(
    "charter.updated",
    payload="Charter",
    reach=Reach.SO,
    to="those who follow the site",
    readers=_NOBODY,
    personal=frozenset(),
)
_place = partial(
    EventType,
    payload="Place",
    reach=Reach.SO,
    to="everyone; for an `assigned` place those who follow it",
    readers=frozenset({Reader.PLACES}),
    personal=frozenset[str](),
)
PLACE_CREATED = _place("place.created")
PLACE_UPDATED = _place("place.updated")
PLACE_ARCHIVED = _place("place.archived")

LAST_SEEN_CHOSEN = EventType(
    "last_seen.chosen",
    payload="LastSeenChoice",
    reach=Reach.PERSON,
    to=_PERSON,
    readers=frozenset({Reader.ONLINE}),
    personal=frozenset({"last_seen"}),
)
SIGN_IN_CHANGED = EventType(
    "sign_in.changed",
    payload="SignInChange",
    reach=Reach.PERSON,
    to=_PERSON,
    readers=_NOBODY,
    personal=frozenset({"what", "changed_at"}),
)
REGISTRATION_CHANGED = EventType(
    "registration.changed",
    payload="RegistrationChange",
    reach=Reach.PERSON,
    to="those who manage people",
    readers=_NOBODY,
    personal=frozenset(),
)
SESSION_ENDED = EventType(
    "session.ended",
    payload="EndedSession",
    reach=Reach.PERSON,
    to=_PERSON,
    readers=frozenset({Reader.SOCKETS}),
    personal=frozenset({"session_id", "reason", "ended_at"}),
)

CATALOGUE: dict[str, EventType] = {
    declared.name: declared for declared in list(globals().values()) if isinstance(declared, EventType)
}


def read_by(reader: Reader) -> frozenset[str]:
    """The names of the types that a reader acts on."""
    return frozenset(name for name, declared in CATALOGUE.items() if reader in declared.readers)


def is_said(name: str) -> bool:
    """Whether events of a type tell what was said, so that newcomers are not given what is from before their entry."""
    declared = CATALOGUE.get(name)
    return declared is None or declared.reach is Reach.SAID


def about_of(name: str, payload: Payload) -> UUID | None:
    """The place by whose rules an event is emptied in time; None: it is kept."""
    declared = CATALOGUE.get(name)
    return None if declared is None or declared.about is None else declared.about.of(payload)
