"""Open announcements and alerts, and the word that one knows of them."""

from typing import Any
from uuid import UUID

from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from schemas.base import Cursor
from schemas.notices import Acknowledgement, NoticePage
from social import acknowledgements, notices

routes = Routes("notices", "Notices: announcements and alerts that are open")


@routes.route("GET", "/me/notices", permission=Permission.ACCOUNT_USE, query=Cursor, answer=NoticePage)
def list_notices(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The open announcements and alerts of every scope that I follow, newest first."""
    before = decode_cursor(query["cursor"], by_id)
    items = notices.my_notices(call.session, call.actor, before, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["post"]["id"],))


@routes.route(
    "PUT",
    "/posts/<uuid:post_id>/acknowledgement",
    permission=Permission.POSTS_READ,
    personal=True,
    answer=Acknowledgement,
)
def acknowledge_post(call: Call, post_id: UUID) -> dict[str, Any]:
    """Say that I know of a notice that asks for it. Once more is no mistake; the first time stands."""
    return acknowledgements.acknowledge(call.session, call.actor, post_id)
