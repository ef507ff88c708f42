"""One of everything that has an id in a path, for tests that walk all routes."""

from base import ids
from tests.stories.checkins import marker
from tests.stories.directs import talks_with
from tests.stories.invitations import invites
from tests.stories.musters import calls
from tests.stories.passkeys import has_passkey
from tests.stories.registrations import waiting_registration
from tests.stories.roles import gives, makes_role
from tests.stories.services import service
from tests.stories.shared_devices import shared_device
from tests.world import Organisation, Phone


def things(org: Organisation, person: Phone, site: str, zone: str) -> dict[str, str]:
    """Their ids by the names of the paths' parameters; a new kind of thing is made here."""
    return {
        "site_id": site,
        "place_id": site,
        "zone_id": zone,
        "scope_id": site,
        "person_id": person.id,
        "identifier_id": person.get("/v1/me/identifiers")["items"][0]["id"],
        "session_id": person.session_id,
        "post_id": org.admin.posts(site, "for members")["id"],
        "marker_id": marker(org, site),
        "muster_id": calls(org.admin, site),
        "passkey_id": has_passkey(person),
        "shared_device_id": shared_device(org, site)["id"],
        "conversation_id": talks_with(org.admin, person),
        "service_id": service(org, "scope:posts:read", scopes=[site]).made["id"],
        "role_id": makes_role(org.admin, f"Desk {ids.new_id()}", "scope:posts:read")["id"],
        "grant_id": gives(org.admin, org.admin, "warden", site)["id"],
        "invitation_id": invites(org.admin)["id"],
        "registration_id": waiting_registration(org, f"{ids.new_id()}@things.example"),
        "delivery_id": str(ids.new_id()),  # nobody makes one by hand
        "notification_id": str(ids.new_id()),  # only what was pushed with it opens one
        "kind": "nonsense",
    }


def filled(path: str, known: dict[str, str]) -> str:
    """A path with ids in the places of its parameters."""
    if "/zones/" in path:
        known = known | {"place_id": known["zone_id"]}
    return path.format_map(known)
