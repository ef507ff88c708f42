"""Where one is signed in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api.kept import Keep
from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from base.database import AnyRow
from people.accounts import open_sessions
from people.permissions import Permission
from schemas.base import Cursor
from schemas.open_sessions import OpenSessionPage

routes = Routes("open-sessions", "Open sessions: where I am signed in")


@routes.route("GET", "/me/sessions", permission=Permission.ACCOUNT_USE, query=Cursor, answer=OpenSessionPage)
def list_my_sessions(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Where I am signed in, newest first."""
    return page_of_sessions(call, call.actor.person_id, query)


def page_of_sessions(call: Call, person_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """A page of somebody's open sessions."""
    before = decode_cursor(query["cursor"], by_moment)
    found = open_sessions.list_open(call.session, person_id, before, query["limit"])
    items = [open_sessions.wire_open(signed_in, device, call.actor.session_id) for signed_in, device in found]
    return page(items, query["limit"], lambda: _key(found))


def _key(found: Sequence[AnyRow]) -> tuple[str, str]:
    last = found[-1][0]
    return last.created_at.isoformat(), str(last.id)


@routes.route(
    "DELETE", "/me/sessions/<uuid:session_id>", permission=Permission.ACCOUNT_USE, status=204, audit=Keep.EACH
)
def end_my_session(call: Call, session_id: UUID) -> None:
    """Sign out somewhere: the tokens there are worthless and the sockets close."""
    open_sessions.end_own(call.session, call.actor, session_id)


@routes.route("DELETE", "/me/sessions", permission=Permission.ACCOUNT_USE, status=204, audit=Keep.EACH)
def end_my_other_sessions(call: Call) -> None:
    """Sign out everywhere but here."""
    open_sessions.end_own_others(call.session, call.actor)
