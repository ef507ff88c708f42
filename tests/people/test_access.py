"""Why somebody may do what they may: each reason, in words, and no reason too many."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from base import clock
from people.audience import sight_of
from people.models import Person, Scope
from people.permissions import Permission
from people.roles.access import Reason, reasons_of
from people.sign_in.asking import actor_of
from people.sign_in.tokens import AccessClaims
from tests.stories.checkins import code, marker, scans
from tests.stories.directs import talks_with
from tests.stories.roles import explained, gives, makes_role, officer
from tests.stories.scopes import manager
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone


@pytest.fixture
def yard(org: Organisation) -> str:
    return org.site("Yard", admission="assigned")


def words(org: Organisation, person: Phone, because: str) -> list[str]:
    return [one["words"] for one in explained(org.admin, person) if one["because"] == because]


def test_each_reason_says_what_where_by_whom_and_until_when(org: Organisation, yard: str) -> None:
    mia, mo = manager(org, "Mia", yard), org.person("Mo")
    hall = org.zone(yard, "Hall", admission="open")
    mo.put(f"/v1/scopes/{hall}/membership")
    org.admin.put(f"/v1/admin/scopes/{yard}/memberships/{mo.id}", {"role": "member"})
    until = clock.now() + timedelta(days=1)
    gives(mia, mo, "warden", yard, until=until)
    desk = makes_role(org.admin, "Night {desk}", "scope:posts:read", "site:visits:read")
    gives(org.admin, mo, desk["id"])
    assert words(org, mo, "role") == [
        "Is a warden of Yard with its zones: sees who is there, and runs roll calls. Given by Mia."
        f" Until {until:%Y-%m-%d %H:%M} UTC.",
        "Has the role “Night {desk}” in the whole organisation: may read what is said, see who is there. Given by Ada.",
    ]
    assert words(org, mo, "membership") == [
        "Joined Hall, which is open: reads and writes there.",
        "Was assigned to Yard with its zones: reads and writes there. Given by Ada.",
    ]
    assert words(org, mo, "open") == ["Reads the scopes that are open to all members, and may join them."]
    (managing,) = words(org, mia, "membership")
    assert managing.startswith("Manages Yard with its zones: ")
    assert managing.endswith("Given by Ada.")
    (administering,) = words(org, org.admin, "role")
    assert administering.startswith("Administers the whole organisation: ")


def test_it_is_told_in_the_askers_language(org: Organisation, yard: str) -> None:
    mo = org.person("Mo")
    gives(org.admin, mo, "moderator", yard)
    org.admin.patch("/v1/me", {"locale": "ko"})
    (moderates,) = words(org, mo, "role")
    assert (
        moderates
        == "Yard(구역 포함) 글 관리자입니다. 그곳의 글을 읽고 부적절한 글을 내릴 수 있습니다. Ada님이 부여했습니다."
    )


def test_neither_whereabouts_nor_conversations_are_told(org: Organisation) -> None:
    gate = org.zone(org.site("Yard", admission="assigned"), "Gate")
    bob, eve = org.person("Bob"), org.person("Eve")
    before = explained(org.admin, bob)
    scans(bob, code(org, marker(org, gate)))
    talks_with(bob, eve)
    assert explained(org.admin, bob) == before
    assert [one["scope"] for one in before if one["because"] in ("presence", "conversations")] == [None, None]


def test_a_closed_account_has_no_reason_and_a_stranger_is_not_there(org: Organisation, yard: str) -> None:
    mo = org.person("Mo", scopes=[yard])
    mo_id = mo.id
    org.admin.delete(f"/v1/admin/people/{mo_id}")
    assert org.admin.get(f"/v1/admin/people/{mo_id}/access")["items"] == []
    stranger = org.world.organisation().person("Sam")
    org.admin.get(f"/v1/admin/people/{stranger.id}/access", 404)
    manager(org, "Mia", yard).get(f"/v1/admin/people/{mo_id}/access", 403)


def test_there_is_a_reason_for_all_that_somebody_may_and_for_nothing_else(
    org: Organisation, yard: str
) -> None:
    crane, quarry = org.zone(yard, "Crane", admission="assigned"), org.site("Quarry", (127.1, 37.5))
    org.zone(yard, "Hall", admission="open")
    people = {
        "member": org.person("Mel"),
        "assigned": org.person("Asa", scopes=[crane]),
        "manager": manager(org, "Mia", yard),
        "administrator": org.admin,
        "officer": officer(org),
        "moderator": org.person("Mo"),
        "warden": org.person("Will"),
        "desk": org.person("Dee"),
        "all sites": org.person("Sal"),
        "visitor": comes_as_visitor(org, code(org, marker(org, quarry, admits_visitors_hours=8))),
    }
    gives(org.admin, people["moderator"], "moderator", crane)
    gives(org.admin, people["warden"], "warden", yard)
    gives(org.admin, people["desk"], makes_role(org.admin, "Desk", "scope:alerts:raise")["id"])
    gives(org.admin, people["all sites"], "site_manager")
    for name, phone in people.items():
        for scope, permission, may, reasoned in _compared(org, phone):
            assert may == reasoned, (name, scope, permission)


def _compared(org: Organisation, phone: Phone) -> list[tuple[str, str, bool, bool]]:
    """Of each scope and permission: whether somebody may, and whether a reason for it is told."""
    with org.world.web.transaction(org.id) as session:
        claims = AccessClaims(session_id=UUID(phone.session_id), organisation_id=org.id)
        actor = actor_of(session, claims, None)
        person = session.get_one(Person, actor.person_id)
        reasons = [
            one for one in reasons_of(session, person) if one.because not in ("presence", "conversations")
        ]
        compared: list[tuple[str, str, bool, bool]] = []
        for scope in session.scalars(select(Scope)).all():
            sight = sight_of(session, actor, scope.id)
            assert sight is not None
            told = {
                permission for reason in reasons if _is_of(reason, scope) for permission in reason.permissions
            }
            for permission in set(Permission) - {Permission.ACCOUNT_USE}:
                compared.append((scope.name, permission, sight.grants(permission), permission in told))
        return compared


def _is_of(reason: Reason, scope: Any) -> bool:
    """Whether a reason holds in a scope: where it is, and in the parts of it, unless it is of belonging."""
    if reason.because == "account":
        return scope.kind == "organisation" and "visitor" not in reason.what
    if reason.because == "open":
        return scope.admission == "open" and scope.kind != "organisation"
    assert reason.scope is not None
    here = UUID(reason.scope["id"])
    belonging = reason.what in ("assigned", "joined")
    return here == scope.id or (
        not belonging and (here == scope.parent_id or reason.scope["kind"] == "organisation")
    )
