"""Who belongs to a scope, for its managers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from base import clock
from base.errors import Invalid, NotFound
from geo.stays.admission import end_belonging
from people.audience import live_membership
from people.models import Membership, Person, Scope
from people.permissions import SITE_MANAGER, Permission
from people.roles.giving import check_has, check_may_give
from people.roles.roles import role_of
from people.scopes import member_lists, memberships
from people.scopes.scopes import scope_for
from schemas.base import Cursor
from schemas.people import Assignment, MembershipOfPerson, MembershipPage

routes = Routes("admin-memberships", "Administration: memberships", "/v1/admin")


@routes.route(
    "GET",
    "/scopes/<uuid:scope_id>/memberships",
    permission=Permission.MEMBERS_MANAGE,
    query=Cursor,
    answer=MembershipPage,
)
def list_memberships(call: Call, scope_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Who belongs to a scope, oldest first; who is merely there is in `present`."""
    scope_for(call.session, call.actor, scope_id, Permission.MEMBERS_MANAGE)
    after = decode_cursor(query["cursor"], by_id)
    found = member_lists.list_live(call.session, scope_id, after, query["limit"])
    items = [member_lists.wire_of_person(membership, scope, person) for membership, scope, person in found]
    return page(items, query["limit"], lambda: (str(found[-1][0].id),))


@routes.route(
    "PUT",
    "/scopes/<uuid:scope_id>/memberships/<uuid:person_id>",
    permission=Permission.MEMBERS_MANAGE,
    body=Assignment,
    answer=MembershipOfPerson,
)
def assign_person(call: Call, scope_id: UUID, person_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Assign a person to the scope, as member or manager."""
    scope_for(call.session, call.actor, scope_id, Permission.MEMBERS_MANAGE)
    if body["role"] == "manager":
        check_may_give(call.session, call.actor, SITE_MANAGER, scope_id, body["ends_at"])
    _check_may_unmake(call, scope_id, person_id)
    before = _belonging(member_lists.live_membership_of(call.session, scope_id, person_id))
    membership, scope = memberships.assign(
        call.session,
        scope_id,
        person_id,
        body["role"],
        call.actor.person_id,
        ends_at=_in_future(body["ends_at"]),
    )
    call.notes(before, _belonging(membership))
    return member_lists.wire_of_person(membership, scope, _person(call.session, person_id))


def _belonging(membership: Membership | None) -> dict[str, Any] | None:
    """What a membership lets do, and until when; nothing of one that comes of being there."""
    if membership is None or membership.source == "presence":
        return None
    return {"role": membership.role, "ends_at": clock.wire_or_none(membership.ends_at)}


def wire_of_person(session: Session, membership: Membership) -> dict[str, Any]:
    """A membership as those who manage its scope see it."""
    scope = session.get_one(Scope, membership.scope_id)
    return member_lists.wire_of_person(membership, scope, _person(session, membership.person_id))


@routes.route(
    "DELETE",
    "/scopes/<uuid:scope_id>/memberships/<uuid:person_id>",
    permission=Permission.MEMBERS_MANAGE,
    status=204,
)
def end_assignment(call: Call, scope_id: UUID, person_id: UUID) -> None:
    """End an assignment or a joining; nothing of the scope reaches the person from then on, but while being there."""
    scope_for(call.session, call.actor, scope_id, Permission.MEMBERS_MANAGE)
    membership = member_lists.live_membership_of(call.session, scope_id, person_id)
    if membership is None or membership.source == "presence" or member_lists.is_implied(membership):
        raise NotFound
    _check_may_unmake(call, scope_id, person_id)
    call.notes(_belonging(membership), None)
    end_belonging(call.session, membership, reason="unassigned", actor_id=call.actor.person_id)


def _check_may_unmake(call: Call, scope_id: UUID, person_id: UUID) -> None:
    """Raise unless the actor, who assigns people here, may also make managers, where the person is one."""
    held = select(Membership.role).where(Membership.scope_id == scope_id, Membership.person_id == person_id)
    if call.session.scalar(held.where(*live_membership())) == "manager":
        managing = role_of(call.session, call.actor.organisation_id, SITE_MANAGER)
        check_has(call.session, call.actor, managing, scope_id)


def _in_future(moment: datetime | None) -> datetime | None:
    if moment is not None and moment <= clock.now():
        raise Invalid.at("/ends_at", "This is over already.")
    return moment


def _person(session: Session, person_id: UUID) -> Person:
    return session.get_one(Person, person_id)
