"""What concerned me, to find again in the app."""

from typing import Any
from uuid import UUID

from api.pace import Pace
from api.paging import by_id, decode_cursor, page
from api.parsing import bearer_token
from api.route import Call, Routes
from base.errors import NotFound
from people.permissions import Permission
from push.credentials import read_credential
from push.inbox import inbox
from push.sending.fetching import fetch
from schemas.notifications import ContentQuery, InboxCount, InboxPage, InboxQuery, NotificationContent

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


@routes.route(
    "GET",
    "/notifications/<uuid:notification_id>/content",
    public=True,
    credential="notification",
    pace=Pace.CONTENT,
    query=ContentQuery,
    answer=NotificationContent,
)
def read_notification_content(call: Call, notification_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The words of a push that came without them, with the `credential` that it came with as the bearer token.

    For a notification extension, whose access token may have expired. 404 where there is nothing to show any more.
    """
    credential = read_credential(call.runtime.tokens.keys, bearer_token())
    if credential.notification_id != notification_id:
        raise NotFound
    return fetch(call.session, credential, query["installation_id"])
