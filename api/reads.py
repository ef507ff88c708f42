"""How far I have read, what is unread, and who has read a post."""

from typing import Any
from uuid import UUID

from api.kept import Keep
from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from schemas.base import Cursor
from schemas.reads import NewReadPosition, ReaderPage, ReadPosition, UnreadScopes
from social import reads, unread

routes = Routes("reads", "Reads: read positions, unread counts, receipts")


@routes.route(
    "PUT",
    "/scopes/<uuid:scope_id>/read",
    permission=Permission.POSTS_READ,
    personal=True,
    body=NewReadPosition,
    answer=ReadPosition,
)
def mark_scope_read(call: Call, scope_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Say that I have read up to a post. It never goes back; the answer is the position that holds."""
    return reads.mark_read(call.session, call.actor, scope_id, **body)


@routes.route("GET", "/me/unread", permission=Permission.ACCOUNT_USE, answer=UnreadScopes)
def list_unread(call: Call) -> dict[str, Any]:
    """How many posts and mentions are unread in each scope that I follow, and what the badge shows."""
    return unread.unread(call.session, call.actor)


@routes.route(
    "GET",
    "/posts/<uuid:post_id>/readers",
    permission=Permission.POSTS_READ,
    query=Cursor,
    answer=ReaderPage,
    audit=Keep.LOOK,
)
def list_readers(call: Call, post_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Who has read a post, where its scope shows it; for the author and for managers."""
    after = decode_cursor(query["cursor"], by_id)
    items = reads.readers(call.session, call.actor, post_id, after, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["person"]["id"],))
