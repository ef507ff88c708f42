"""Where others are signed in, and their second factor, for administrators."""

from typing import Any
from uuid import UUID

from api.open_sessions import page_of_sessions
from api.route import Call, Routes
from people.accounts import open_sessions, persons
from people.permissions import Permission
from schemas.base import Cursor
from schemas.open_sessions import OpenSessionPage

routes = Routes("admin-open-sessions", "Administration: where people are signed in", "/v1/admin")
_PERSON = "/people/<uuid:person_id>"


@routes.route(
    "GET",
    f"{_PERSON}/sessions",
    permission=Permission.PEOPLE_MANAGE,
    query=Cursor,
    answer=OpenSessionPage,
)
def list_sessions_of_person(call: Call, person_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Where somebody is signed in, newest first."""
    person = persons.person_in(call.session, call.actor.organisation_id, person_id)
    return page_of_sessions(call, person.id, query)


@routes.route(
    "DELETE",
    f"{_PERSON}/sessions/<uuid:session_id>",
    permission=Permission.PEOPLE_MANAGE,
    status=204,
)
def end_session_of_person(call: Call, person_id: UUID, session_id: UUID) -> None:
    """Sign somebody out somewhere, as when they have lost a phone."""
    open_sessions.end_of_person(call.session, call.actor, person_id, session_id)
    call.notes({"session_id": str(session_id)}, None)


@routes.route("DELETE", f"{_PERSON}/sessions", permission=Permission.PEOPLE_MANAGE, status=204)
def end_sessions_of_person(call: Call, person_id: UUID) -> None:
    """Sign somebody out everywhere."""
    open_sessions.end_of_person(call.session, call.actor, person_id)
