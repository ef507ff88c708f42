"""Push, for managers: how far a post got; for administrators: what FCM refused."""

from typing import Any
from uuid import UUID

from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from people.permissions import Permission
from push.reports import dead_letters, funnel
from schemas.base import Cursor
from schemas.deliveries import DeadLetterPage, Funnel

routes = Routes("admin-push", "Administration: push", "/v1/admin")


@routes.route("GET", "/posts/<uuid:post_id>/funnel", permission=Permission.POSTS_MODERATE, answer=Funnel)
def read_funnel(call: Call, post_id: UUID) -> dict[str, Any]:
    """How many a post reaches, and how far its pushes got: numbers, no names."""
    return funnel.funnel(call.session, call.actor, post_id)


@routes.route(
    "GET", "/push/dead-letters", permission=Permission.PUSH_MANAGE, query=Cursor, answer=DeadLetterPage
)
def list_dead_letters(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Pushes that FCM refused although their address is good, newest first."""
    before = decode_cursor(query["cursor"], by_id)
    items = dead_letters.dead_letters(call.session, call.actor.organisation_id, before, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["id"],))


@routes.route(
    "POST", "/push/dead-letters/<uuid:delivery_id>/retry", permission=Permission.PUSH_MANAGE, status=204
)
def retry_dead_letter(call: Call, delivery_id: UUID) -> None:
    """Send one again, once its cause is mended."""
    dead_letters.retry(call.session, call.actor.organisation_id, delivery_id)
