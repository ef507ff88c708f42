"""What concerned me, to find again in the app."""

from typing import Any

from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from push.inbox import inbox
from schemas.notifications import InboxCount, InboxPage, InboxQuery

routes = Routes("notifications", "Notifications: what concerned me")


@routes.route(
    "GET", "/me/notifications", permission=Permission.ACCOUNT_USE, query=InboxQuery, answer=InboxPage
)
def list_notifications(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Mentions, replies, direct messages, announcements, alerts and roll calls, newest first."""
    before = decode_cursor(query["cursor"], by_id)
    items = inbox.inbox(call.session, call.actor, before, query["limit"], unread=query["unread"])
    return page(items, query["limit"], lambda: (items[-1]["id"],))


@routes.route("GET", "/me/notifications/count", permission=Permission.ACCOUNT_USE, answer=InboxCount)
def count_notifications(call: Call) -> dict[str, Any]:
    """How much of it is unread."""
    return {"unread": inbox.unread_count(call.session, call.actor)}
