"""Catching up: the events since a position."""

from typing import Any

from api.answers import Answer
from api.etags import conditional
from api.route import Call, Routes
from people.permissions import Permission
from people.sync import sync
from schemas.events import SyncPage, SyncQuery

routes = Routes("sync", "Sync: everything since a position")
# What an app cannot do without, whatever it asks for.
_ALWAYS = {"id", "version", "deleted_at"}


@routes.route(
    "GET",
    "/sync",
    permission=Permission.ACCOUNT_USE,
    query=SyncQuery,
    answer=SyncPage,
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
    waits = query["wait"] > 0 and not page.items
    return conditional(wire, waiting=page.waiting(call.actor, query["wait"]) if waits else None)


def _cut(event: dict[str, Any], members: set[str]) -> dict[str, Any]:
    """Of what others did in a scope, the members asked for; what concerns oneself comes whole."""
    if event["scope_id"] is None or event["data"] is None:
        return event
    return {**event, "data": {name: value for name, value in event["data"].items() if name in members}}
