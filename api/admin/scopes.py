"""Settings of scopes."""

from typing import Any
from uuid import UUID

from api.route import Call, Routes
from people.permissions import Permission
from people.scopes.scopes import edit_settings, scope_for
from schemas.scopes import ScopeEdit, ScopeSettings

routes = Routes("admin-scopes", "Administration: settings of scopes", "/v1/admin")


@routes.route(
    "PATCH",
    "/scopes/<uuid:scope_id>",
    permission=Permission.SCOPES_EDIT,
    body=ScopeEdit,
    answer=ScopeSettings,
)
def edit_scope(call: Call, scope_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Show authors and managers who has read a post from now on, or not; how much pushes let out. Rest stays."""
    scope_for(call.session, call.actor, scope_id, Permission.SCOPES_EDIT)
    before = edit_settings(call.session, call.actor, scope_id, {})
    after = edit_settings(call.session, call.actor, scope_id, body)
    call.notes({name: before[name] for name in body}, {name: after[name] for name in body})
    return after
