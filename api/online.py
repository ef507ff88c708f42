"""Who is online, and when they were last seen."""

from typing import Any
from uuid import UUID

from api.pace import Pace
from api.route import Call, Routes
from people.online import last_seen
from people.permissions import Permission
from schemas.online import Presence, PresenceQuery, Presences

routes = Routes("online", "Online: who is connected now, and was last seen when")


@routes.route(
    "GET",
    "/people/<uuid:person_id>/presence",
    permission=Permission.ACCOUNT_USE,
    pace=Pace.LOOK_UP,
    answer=Presence,
)
def read_presence(call: Call, person_id: UUID) -> dict[str, Any]:
    """Whether somebody is online. 404 unless both of us show it and we follow a scope together."""
    return last_seen.online_state_of(call.session, call.actor, call.runtime.online, person_id)


@routes.route(
    "GET",
    "/presence",
    permission=Permission.ACCOUNT_USE,
    pace=Pace.LOOK_UP,
    query=PresenceQuery,
    answer=Presences,
)
def list_presences(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Whether several persons are online; those who do not show it to me are left out."""
    actor, online = call.actor, call.runtime.online
    items = last_seen.online_states(
        call.session, actor.organisation_id, actor.person_id, online, query["person_ids"]
    )
    return {"items": items}
