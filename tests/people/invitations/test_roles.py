"""Roles that an invitation gives: what the inviter has, where they have it, on the day that it is redeemed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from base import clock
from people.models import RoleGrant
from tests.stories.invitations import invites, redeems
from tests.stories.scopes import manager
from tests.world import Organisation, Phone

MINA = "mina@example.com"


def roles_of(phone: Phone) -> set[tuple[str, str]]:
    """The roles that somebody was given, with their scopes."""
    return {(item["role"], item["scope"]["id"]) for item in phone.get("/v1/me/roles")["items"]}


def given(role: str, scope_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"role": role, "scope_id": scope_id, **more}


def test_mina_is_a_warden_from_her_first_day(org: Organisation) -> None:
    site = org.site()
    made = invites(org.admin, scope_ids=[site], roles=[given("warden", site), given("moderator")])
    mina = redeems(org, made["code"], email=MINA, name="Mina")
    assert roles_of(mina) == {("warden", site), ("moderator", str(org.id))}
    assert made["roles"][0] == given("warden", site, ends_at=None)


def test_nobody_gives_what_they_do_not_have(org: Organisation) -> None:
    site, other = org.site(), org.site("Other", (127.1, 37.5))
    mia, alice = manager(org, "Mia", site), org.person("Alice")
    invites(org.admin, 403, roles=[given("compliance_officer")])
    invites(org.admin, 422, roles=[given("emperor")])
    for phone, where in ((mia, other), (alice, site)):
        asked = {"scope_ids": [site], "stay_hours": 2, "roles": [given("moderator", where)]}
        assert phone.request("POST", "/v1/admin/invitations", asked).status_code in (403, 404, 422)


def test_what_is_over_is_not_given_any_more_and_mina_comes_in(
    org: Organisation, later: Callable[[timedelta], None]
) -> None:
    ends = clock.wire(clock.now() + timedelta(days=1))
    made = invites(org.admin, roles=[given("moderator", ends_at=ends), given("warden")])
    later(timedelta(days=2))
    redeems(org, made["code"], email=MINA, name="Mina")
    with org.world.worker.transaction() as session:
        given_in_org = select(RoleGrant.role).where(RoleGrant.organisation_id == org.id)
        assert session.scalars(given_in_org).all() == ["warden"]


def test_nor_is_it_promised(org: Organisation) -> None:
    over = clock.wire(clock.now() - timedelta(minutes=1))
    refusal = invites(org.admin, 422, roles=[given("warden"), given("moderator", ends_at=over)])
    assert refusal["errors"][0]["pointer"] == "/roles/1/ends_at"


@pytest.mark.parametrize("lost", ["people", "role-grants"])
def test_nor_is_what_the_inviter_has_lost(org: Organisation, lost: str) -> None:
    bea = org.person("Bea", role="organisation_administrator")
    made = invites(bea, roles=[given("moderator")])
    org.admin.delete(f"/v1/admin/{lost}/{bea.id}")
    assert roles_of(redeems(org, made["code"], email=MINA, name="Mina")) == set()
