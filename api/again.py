"""How the answer of a request is made again, when the request comes a second time with its `Idempotency-Key`.

The answer itself is not kept. What is kept of it are ids, times, numbers and codes of ours, so that words which leave
every other read path (a deleted post) are not read here, and what is told once (the code of an invitation) stays in no
table. A repeat gets the thing as it stands now, as a GET would give it: a tombstone, a 404. The status and that it was
done before are as they were.

Each schema that answers a writing request has its entry here; a test finds one without.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from marshmallow import Schema

from api import devices, me, preferences, privacy, remaking
from api.admin import sign_in
from api.admin.roles import read_role
from api.answers import Answer
from api.remaking import Body, Kept, Path
from api.route import Call
from base.errors import Conflict
from geo.musters.answers import read_card
from geo.stays.markers import marker_for, wire_marker
from people.accounts.persons import person_in
from people.models import Device as DeviceRow
from people.roles.grants import read_grant
from people.scopes.directs import read_direct
from people.sign_in.devices import wire_device
from people.wire import wire_account
from schemas.deliveries import ReportsTaken, TestPush
from schemas.direct_conversations import DirectConversation
from schemas.drafts import DraftReport, RehearsalReport
from schemas.imports import ImportLine
from schemas.invitations import Invitation
from schemas.markers import ChangedVisits, ManualEvidence, Marker, RegionReport
from schemas.musters import MusterBoard, MusterCard, MusterEntry
from schemas.notices import Acknowledgement
from schemas.passkeys import Passkey
from schemas.people import Account, Device, Me, Membership, MembershipOfPerson
from schemas.phone_queue import OutboxReport
from schemas.places import ImportReport, PublishedPlace
from schemas.posts import Post
from schemas.preferences import PushPreferences
from schemas.privacy import Charter, Consent, PrivacyRules, Sharing
from schemas.reads import ReadPosition
from schemas.records import Identifier, PersonRecord
from schemas.registrations import Registration
from schemas.roles import CustomRole, RoleGrant
from schemas.scopes import ScopeSettings
from schemas.shared_devices import SharedDevice
from schemas.sign_in_policy import SignInPolicy
from schemas.visits import FixReport

Made = Body | Answer | None


class AnswerNotKept(Conflict):
    """It was done, and of its answer nothing is there to make it from."""

    code, title = "answer_not_kept", "This was done before; its answer is not kept"


@dataclass(frozen=True)
class Again:
    """What of an answer is kept, and how the answer is made of that and of the path. `make` raises as a GET would."""

    keep: Callable[[Body], Kept]
    make: Callable[[Call, Path, Kept], Made]


def is_done_again(schema: type[Schema] | None) -> bool:
    """Whether nothing is kept because doing it again changes nothing, or does each part once."""
    return schema in _DONE_AGAIN


def kept_of(schema: type[Schema] | None, body: Body | None) -> Kept | None:
    """What is kept of an answer."""
    return None if schema is None or body is None else _AGAIN[schema].keep(body)


def made_again(call: Call, schema: type[Schema] | None, path: Path, kept: Kept | None) -> Made:
    """The answer once more; raises `AnswerNotKept`, or what a GET would."""
    if schema is None:
        return None
    try:
        return _AGAIN[schema].make(call, path, kept or {})
    except KeyError:
        raise AnswerNotKept from None


def _nothing(_body: Body) -> Kept:
    return {}


def _only(*names: str) -> Callable[[Body], Kept]:
    return lambda body: {name: body[name] for name in names}


def _as_kept(*names: str) -> Again:
    """An answer without words: all of it is kept."""
    return Again(_only(*names), lambda _call, _path, kept: {name: kept[name] for name in names})


def _by_id(make: Callable[[Call, UUID], Made]) -> Again:
    """The thing whose id is kept."""
    return Again(_only("id"), lambda call, _path, kept: make(call, UUID(kept["id"])))


def _by_path(make: Callable[[Call, Path], Made]) -> Again:
    """What the path names, or whoever asks."""
    return Again(_nothing, lambda call, path, _kept: make(call, path))


def _ids_of_visits(body: Body) -> Kept:
    return {"visit_ids": [visit["id"] for visit in body["visits"]]}


def _refusals(body: Body) -> Kept:
    """Which parts of a batch were not taken, by their codes: what is wrong with them may say what they said."""
    return {
        "accepted": body["accepted"],
        "refused": [{"index": refused["index"], "code": refused["code"]} for refused in body["refused"]],
    }


def _results(*names: str) -> Again:
    """A result for each part, without the sentences."""
    return Again(
        lambda body: {"items": [{name: item[name] for name in names} for item in body["items"]]},
        lambda _call, _path, kept: {"items": [{**item, "detail": None} for item in kept["items"]]},
    )


_AGAIN: dict[type[Schema], Again] = {
    Account: _by_path(
        lambda call, path: wire_account(
            person_in(call.session, call.actor.organisation_id, path["person_id"])
        )
    ),
    PersonRecord: _by_id(remaking.person_record),
    Identifier: Again(_only("id"), remaking.identifier),
    Acknowledgement: _as_kept("post_id", "scope_id", "acknowledged_at"),
    ChangedVisits: Again(
        _ids_of_visits, lambda call, _path, kept: {"visits": remaking.visits(call, kept["visit_ids"])}
    ),
    Charter: _by_path(lambda call, path: privacy.read_charter(call, path["site_id"])),
    Consent: _by_id(remaking.consent),
    CustomRole: _by_id(read_role),
    Device: _by_path(lambda call, _path: wire_device(call.session.get_one(DeviceRow, call.actor.device_id))),
    DirectConversation: Again(
        lambda body: {"scope_id": body["scope"]["id"]},
        lambda call, _path, kept: read_direct(call.session, call.actor, UUID(kept["scope_id"])),
    ),
    FixReport: Again(lambda body: _refusals(body) | _ids_of_visits(body), remaking.fix_report),
    ImportReport: _results("index", "outcome", "place_id", "code", "at", "notes"),
    Invitation: _by_id(remaking.invitation),
    ManualEvidence: _as_kept("person_id", "place_id", "source", "grade", "at", "expires_at"),
    Marker: _by_id(lambda call, marker_id: wire_marker(marker_for(call.session, call.actor, marker_id))),
    Me: _by_path(lambda call, _path: me.read_me(call)),
    Membership: _by_id(remaking.membership),
    MembershipOfPerson: Again(_only("id"), remaking.membership_of_person),
    MusterBoard: _by_id(remaking.board),
    MusterCard: _by_id(lambda call, muster_id: read_card(call.session, call.actor, muster_id)),
    MusterEntry: _by_path(remaking.muster_line),
    Passkey: _by_id(remaking.passkey),
    Post: _by_id(remaking.post),
    PrivacyRules: _by_path(remaking.privacy_rules),
    PublishedPlace: Again(_only("id", "notes"), remaking.place),
    PushPreferences: _by_path(lambda call, _path: preferences.read_push_preferences(call)),
    ReadPosition: _as_kept("scope_id", "post_id", "position", "read_at"),
    RegionReport: _results("index", "outcome", "code"),
    Registration: _by_id(remaking.registration),
    ReportsTaken: Again(_refusals, remaking.reports_taken),
    RoleGrant: _by_id(lambda call, grant_id: read_grant(call.session, call.actor, grant_id)),
    ScopeSettings: _by_path(remaking.scope_settings),
    SharedDevice: _by_path(remaking.shared_device),
    Sharing: _by_path(lambda call, _path: privacy.read_my_sharing(call)),
    SignInPolicy: _by_path(lambda call, _path: sign_in.read_sign_in_policy(call)),
    TestPush: _by_id(lambda call, delivery_id: devices.read_test_push(call, delivery_id)),
}
# Advice, which changes nothing; the phone's queue, each act of which is done once; and what takes no key.
_DONE_AGAIN = frozenset[type[Schema]]({DraftReport, RehearsalReport, OutboxReport, ImportLine})
