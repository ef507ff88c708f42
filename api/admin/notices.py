"""Announcements and alerts, for managers: raise them, end them, see who has acknowledged them."""

from typing import Any
from uuid import UUID

from api.answers import Answer
from api.kept import Keep
from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from schemas.notices import (
    AccountQuery,
    AccountSummary,
    AcknowledgementAccountPage,
    NewAlert,
    NewAnnouncement,
)
from schemas.posts import Post
from social import acknowledgements, notices

routes = Routes("admin-notices", "Administration: announcements and alerts", "/v1/admin")


@routes.route(
    "POST",
    "/scopes/<uuid:scope_id>/announcements",
    permission=Permission.ANNOUNCE,
    body=NewAnnouncement,
    answer=Post,
    status=201,
)
def announce(call: Call, scope_id: UUID, body: dict[str, Any]) -> Answer:
    """Announce something. A repeated `client_id` answers 200 with the announcement of the first time."""
    post, new = notices.announce(call.session, call.actor, scope_id, body)
    return Answer(post, 201 if new else 200)


@routes.route(
    "POST",
    "/scopes/<uuid:scope_id>/alerts",
    permission=Permission.ALERT,
    body=NewAlert,
    answer=Post,
    status=201,
)
def raise_alert(call: Call, scope_id: UUID, body: dict[str, Any]) -> Answer:
    """Raise an alert in a site, a zone or the whole organisation. A repeated `client_id` answers 200."""
    post, new = notices.raise_alert(call.session, call.actor, scope_id, body)
    return Answer(post, 201 if new else 200)


@routes.route("POST", "/posts/<uuid:post_id>/end", permission=Permission.ANNOUNCE, answer=Post)
def end_notice(call: Call, post_id: UUID) -> dict[str, Any]:
    """End an announcement or alert: all clear. Once more is no mistake."""
    return notices.end(call.session, call.actor, post_id)


@routes.route(
    "GET",
    "/posts/<uuid:post_id>/acknowledgements",
    permission=Permission.POSTS_MODERATE,
    query=AccountQuery,
    answer=AcknowledgementAccountPage,
    audit=Keep.LOOK,
)
def list_acknowledgements(call: Call, post_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Who has acknowledged, or who of those whom it reaches now has not, by their ids."""
    after = decode_cursor(query["cursor"], by_id)
    silent = query["status"] == "silent"
    listed = acknowledgements.list_silent if silent else acknowledgements.list_acknowledged
    items = listed(call.session, call.actor, post_id, after, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["person"]["id"],))


@routes.route(
    "GET",
    "/posts/<uuid:post_id>/acknowledgements/summary",
    permission=Permission.POSTS_MODERATE,
    answer=AccountSummary,
)
def summarise_acknowledgements(call: Call, post_id: UUID) -> dict[str, Any]:
    """How many it reaches now, and how many of them have acknowledged it."""
    return acknowledgements.summary(call.session, call.actor, post_id)
