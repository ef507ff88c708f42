"""Joining and leaving open scopes, and how loud each scope is."""

from typing import Any
from uuid import UUID

from api.route import Call, Routes
from base.errors import Conflict, NotFound
from people.permissions import Permission
from people.scopes.member_lists import is_implied, live_membership_of, wire_membership
from people.scopes.memberships import end_membership, join
from people.scopes.scopes import scope_for
from people.scopes.wishes import set_wishes
from schemas.people import Membership, MembershipWishes

routes = Routes("memberships", "Memberships: joining and leaving")


@routes.route(
    "PUT", "/scopes/<uuid:scope_id>/membership", permission=Permission.SCOPES_JOIN, answer=Membership
)
def join_scope(call: Call, scope_id: UUID) -> dict[str, Any]:
    """Follow an open scope: its news come to me from now on."""
    scope_for(call.session, call.actor, scope_id, Permission.SCOPES_JOIN)
    return wire_membership(*join(call.session, scope_id, call.actor.person_id))


@routes.route("DELETE", "/scopes/<uuid:scope_id>/membership", permission=Permission.SCOPES_JOIN, status=204)
def leave_scope(call: Call, scope_id: UUID) -> None:
    """Stop following a scope that I joined. What I am assigned to, or present in, is not mine to leave."""
    scope_for(call.session, call.actor, scope_id, Permission.SCOPES_JOIN)
    membership = live_membership_of(call.session, scope_id, call.actor.person_id)
    if membership is None:
        raise NotFound
    if membership.source != "joined" or is_implied(membership):
        raise Conflict("Only a scope that was joined can be left.", code="membership_not_joined")
    end_membership(call.session, membership, reason="left", actor_id=call.actor.person_id)


@routes.route(
    "PATCH",
    "/me/memberships/<uuid:scope_id>",
    permission=Permission.ACCOUNT_USE,
    body=MembershipWishes,
    answer=Membership,
)
def change_my_membership(call: Call, scope_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Choose what a scope that I follow may wake me for; the organisation's own, too."""
    return set_wishes(call.session, call.actor, scope_id, body)
