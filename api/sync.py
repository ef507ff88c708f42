"""Catching up: the events since a position."""

from typing import Any

from api.route import Call, Routes
from people.permissions import Permission
from people.sync import sync
from schemas.events import SyncPage, SyncQuery

routes = Routes("sync", "Sync: everything since a position")


@routes.route("GET", "/sync", permission=Permission.ACCOUNT_USE, query=SyncQuery, answer=SyncPage)
def read_events(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The events after a position that I may see, in order, each exactly once over the pages."""
    return sync(call.session, call.actor, query["after"], query["limit"])
