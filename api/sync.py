"""Catching up: the events since a position."""

from collections.abc import Callable
from typing import Any

from api.answers import Answer
from api.etags import conditional
from api.route import Call, Routes
from people.permissions import Permission
from people.runtime import Runtime
from people.sign_in.tokens import AccessClaims
from people.sync import Page, sync
from schemas.events import SyncPage, SyncQuery

# What an app cannot do without, whatever it asks for.
_ALWAYS = {"id", "version", "deleted_at"}
routes = Routes("sync", "Sync: everything since a position")


def _still_nothing(
    shared: Runtime, claims: AccessClaims, given: Callable[[], dict[str, Any]]
) -> Answer | None:
    """An empty page, for a session that goes on waiting where its last request did, and has missed nothing."""
    if not shared.wakeups.rests(claims.session_id):
        return None
    query = given()["query"]
    kept = shared.wakeups.kept_for(claims.session_id, query["after"], query["epoch"])
    if kept is None or not query["wait"]:
        return None
    page = Page([], *kept, more=False, scope_ids=[])
    waiting = page.waiting(claims.organisation_id, claims.session_id, query["wait"])
    return conditional(page.wire(), waiting=waiting)


@routes.route(
    "GET",
    "/sync",
    permission=Permission.ACCOUNT_USE,
    query=SyncQuery,
    answer=SyncPage,
    at_once=_still_nothing,
    headers={"ETag": "For If-None-Match: 304 when the page is the one that you have"},
)
def read_events(call: Call, query: dict[str, Any]) -> Answer:
    """The events after a position that I may see, in order, each exactly once over the pages.

    With `wait`, the answer comes when there is something to tell, or after so many seconds without. A session waits
    once: when it asks again meanwhile, the earlier request is answered.
    """
    page = sync(call.session, call.actor, query["after"], query["limit"], query["epoch"])
    wire = page.wire()
    if query["members"] is not None:
        wire["items"] = [_cut(event, _ALWAYS | query["members"]) for event in wire["items"]]
    actor, waits = call.actor, query["wait"] > 0 and not page.items
    waiting = (
        page.waiting(actor.organisation_id, actor.session_id, query["wait"], actor.person_id)
        if waits
        else None
    )
    return conditional(wire, waiting=waiting)


def _cut(event: dict[str, Any], members: set[str]) -> dict[str, Any]:
    """Of what others did in a scope, the members asked for; what concerns oneself comes whole."""
    if event["scope_id"] is None or event["data"] is None:
        return event
    return {**event, "data": {name: value for name, value in event["data"].items() if name in members}}
