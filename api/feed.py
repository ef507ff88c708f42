"""The home feed."""

from typing import Any

from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from journal.tail import head_in_epoch, wire_head
from people.audience import following
from people.permissions import Permission
from schemas.base import Cursor
from schemas.posts import FeedPage
from social import feed

routes = Routes("feed", "Feed: the news of all that one follows")


@routes.route("GET", "/feed", permission=Permission.ACCOUNT_USE, query=Cursor, answer=FeedPage)
def read_feed(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Posts of every scope that I follow, newest first; what is new since then comes by sync and live."""
    scopes = following(call.session, call.actor.person_id, call.actor.organisation_id)
    before, head = (
        decode_cursor(query["cursor"], by_id),
        head_in_epoch(call.session, call.actor.organisation_id),
    )
    items = feed.feed(call.session, scopes, before, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["id"],)) | wire_head(head)
