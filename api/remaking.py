"""Making answers again: each function gives a thing as it stands now, to whoever may still read it. See `api/again.py`.

They raise what a GET of the thing would.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from api.admin.memberships import wire_of_person
from api.answers import Answer
from api.etags import digest_of, etag
from api.route import Call
from base.errors import NotFound
from geo.models.places import Place
from geo.models.privacy import Consent
from geo.models.stays import Visit
from geo.musters import musters
from geo.places.lists import wire_whole
from geo.places.places import place_for
from geo.privacy.sharing import read_sharing, wire_consent
from geo.stays.open_visits import wire_visit
from people.accounts.identifiers import live_in
from people.accounts.persons import person_in
from people.accounts.records import wire_record
from people.factors.passkeys import own_passkey, wire_passkey
from people.invitations.listing import wire_invitation
from people.models import Invitation, Membership, Organisation, Scope
from people.permissions import Permission
from people.registration.deciding import registration_in, wire_registration
from people.scopes.member_lists import wire_membership
from people.scopes.scopes import edit_settings, scope_for
from people.shared_devices import enrolment
from people.wire import wire_identifier
from social import posts
from social.models import Post
from social.wire import select_posts, wire_post

Body = dict[str, Any]
Kept = dict[str, Any]
Path = Mapping[str, Any]


def post(call: Call, post_id: UUID) -> Body:
    """One's own words as they stand, wherever one is by now; others' as far as they may be read."""
    own = select_posts().where(Post.id == post_id, Post.author_id == call.actor.person_id)
    row = call.session.execute(own).one_or_none()
    return posts.read(call.session, call.actor, post_id) if row is None else wire_post(row)


def invitation(call: Call, invitation_id: UUID) -> Body:
    """Without its code, which is told once."""
    made = call.session.get(Invitation, invitation_id)
    if made is None or made.created_by != call.actor.person_id:
        raise NotFound
    return wire_invitation(made)


def registration(call: Call, registration_id: UUID) -> Body:
    """Somebody who registered, as they stand now."""
    return wire_registration(registration_in(call.session, call.actor, registration_id))


def consent(call: Call, consent_id: UUID) -> Body:
    """A consent that one gave."""
    given = call.session.get(Consent, consent_id)
    if given is None or given.person_id != call.actor.person_id:
        raise NotFound
    return wire_consent(given)


def person_record(call: Call, person_id: UUID) -> Answer:
    """All that administrators see of a person."""
    body = wire_record(call.session, person_in(call.session, call.actor.organisation_id, person_id))
    return Answer(body, headers=etag(digest_of(body)))


def identifier(call: Call, path: Path, kept: Kept) -> Body:
    """What one signs in with, or whoever the path names."""
    person_id = path.get("person_id", call.actor.person_id)
    return wire_identifier(live_in(call.session, person_id, UUID(kept["id"])))


def passkey(call: Call, passkey_id: UUID) -> Body:
    """One's own passkey."""
    return wire_passkey(own_passkey(call.session, call.actor, passkey_id))


def membership(call: Call, membership_id: UUID) -> Body:
    """One's own membership."""
    held = call.session.get(Membership, membership_id)
    if held is None or held.person_id != call.actor.person_id or held.ended_at is not None:
        raise NotFound
    return wire_membership(held, call.session.get_one(Scope, held.scope_id), call.actor.role)


def membership_of_person(call: Call, path: Path, kept: Kept) -> Body:
    """Somebody's membership of a scope that one manages."""
    scope_for(call.session, call.actor, path["scope_id"], Permission.MEMBERS_MANAGE)
    membership = call.session.get(Membership, UUID(kept["id"]))
    if membership is None or membership.scope_id != path["scope_id"] or membership.ended_at is not None:
        raise NotFound
    return wire_of_person(call.session, membership)


def scope_settings(call: Call, path: Path) -> Body:
    """The settings of the scope that the path names."""
    scope_for(call.session, call.actor, path["scope_id"], Permission.SCOPES_EDIT)
    return edit_settings(call.session, call.actor, path["scope_id"], {})


def shared_device(call: Call, path: Path) -> Body:
    """The shared device that the path names."""
    found = enrolment.shared_device(call.session, call.actor, path["shared_device_id"])
    return enrolment.wire_shared_device(found)


def place(call: Call, _path: Path, kept: Kept) -> Answer:
    """A place as its managers see it, with the notes on how it was drawn."""
    drawn = call.session.get_one(Place, UUID(kept["id"]))
    place, scope = place_for(call.session, call.actor, drawn.id, Permission.PLACES_READ, drawn.kind)
    return Answer(
        wire_whole(call.session, place, scope) | {"notes": kept["notes"]}, headers=etag(place.version)
    )


def visits(call: Call, visit_ids: list[str]) -> list[Body]:
    """Those of one's visits that are still kept."""
    mine = (Visit.id.in_(map(UUID, visit_ids)), Visit.person_id == call.actor.person_id)
    query = select(Visit, Place).join(Place, Place.id == Visit.place_id).where(*mine)
    return [wire_visit(visit, place) for visit, place in call.session.execute(query.order_by(Visit.id))]


def fix_report(call: Call, _path: Path, kept: Kept) -> Body:
    """What became of fixes, without the sentences."""
    refused = [{**refusal, "detail": None} for refusal in kept["refused"]]
    return {
        "accepted": kept["accepted"],
        "refused": refused,
        "visits": visits(call, kept["visit_ids"]),
    }


def reports_taken(_call: Call, _path: Path, kept: Kept) -> Body:
    """What became of reports, without the sentences."""
    refused = [{**refusal, "detail": "This report could not be read."} for refusal in kept["refused"]]
    return {"accepted": kept["accepted"], "refused": refused}


def board(call: Call, muster_id: UUID) -> Body:
    """A roll call that one oversees."""
    return musters.read_board(call.session, call.actor, muster_id)


def muster_line(call: Call, path: Path) -> Body:
    """The line of a roll call that the path names."""
    return musters.read_line(call.session, call.actor, path["muster_id"], path["person_id"])


def privacy_rules(call: Call, _path: Path) -> Body:
    """The organisation's rules."""
    settings = call.session.get_one(Organisation, call.actor.organisation_id).settings
    rules: Body = read_sharing(call.session, call.actor)["organisation"]
    return rules | {"push_content": settings.get("push_content", "sender")}
