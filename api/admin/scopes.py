"""Settings of scopes."""

from typing import Any
from uuid import UUID

from api.route import Call, Routes
from people.permissions import Permission
from people.scopes import scope_for, set_read_receipts
from schemas.scopes import Scope, ScopeEdit

routes = Routes("admin-scopes", "Administration: settings of scopes", "/v1/admin")


@routes.route(
    "PATCH", "/scopes/<uuid:scope_id>", permission=Permission.SCOPES_EDIT, body=ScopeEdit, answer=Scope
)
def edit_scope(call: Call, scope_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Let authors and managers see who has read a post from now on, or not. The scope's members are told."""
    scope_for(call.session, call.actor, scope_id, Permission.SCOPES_EDIT)
    return set_read_receipts(call.session, call.actor, scope_id, body["read_receipts"])
