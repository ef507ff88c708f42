"""Where I am, and whose news come to me there."""

from typing import Any

from api.route import Call, Routes
from geo.stays.open_visits import wire_open_visits
from people.accounts import profile
from people.permissions import Permission
from schemas.places import MyPlaces

routes = Routes("places", "Places: where I am now, and what I may read")


@routes.route("GET", "/me/places", permission=Permission.ACCOUNT_USE, answer=MyPlaces)
def read_my_places(call: Call) -> dict[str, Any]:
    """The places I am in now, and the scopes whose news come to me."""
    return {
        "visits": wire_open_visits(call.session, call.actor.person_id),
        "memberships": profile.live_memberships(call.session, call.actor),
    }
