"""Roles end by themselves, and an organisation is never without an administrator for it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from base import clock
from tests.stories.events import head, heard
from tests.stories.roles import given, gives, officer, runs_out, takes, tidies
from tests.stories.twins import held_before_commit
from tests.world import Organisation, Phone, World

ADMINISTRATOR = "organisation_administrator"


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return fresh_world.organisation()


@pytest.fixture
def yard(org: Organisation) -> str:
    return org.site("Yard", admission="assigned")


def friday() -> datetime:
    return clock.now() + timedelta(days=2)


def test_what_was_given_until_a_moment_is_over_then(org: Organisation, yard: str) -> None:
    mo = org.person("Mo")
    grant = gives(org.admin, mo, "moderator", yard, until=friday())
    mo.get(f"/v1/scopes/{yard}/posts")
    since = head(mo)
    runs_out(org, grant)
    mo.get(f"/v1/scopes/{yard}/posts", 404)
    assert given(org.admin, person=mo) == mo.get("/v1/me/roles")["items"] == []
    tidies(org)
    tidies(org)
    events = [event for event in mo.syncs(since) if event["type"] == "rights.changed"]
    assert [(event["data"]["before"], event["data"]["after"]) for event in events] == [("moderator", None)]
    assert events[0]["actor_id"] is None, "time did it"


def test_one_that_ran_out_can_be_given_anew_before_anybody_comes_by(org: Organisation, yard: str) -> None:
    mo = org.person("Mo")
    grant = gives(org.admin, mo, "moderator", yard, until=friday())
    runs_out(org, grant)
    again = gives(org.admin, mo, "moderator", yard)
    assert again["id"] != grant["id"]
    tidies(org)
    mo.get(f"/v1/scopes/{yard}/posts")


def test_given_once_more_it_has_the_new_end(org: Organisation, yard: str) -> None:
    mo = org.person("Mo")
    gives(org.admin, mo, "moderator", yard, until=friday())
    assert gives(org.admin, mo, "moderator", yard)["ends_at"] is None
    assert len(given(org.admin, person=mo)) == 1


def test_who_manages_for_a_while_is_a_member_again(org: Organisation, yard: str) -> None:
    mia = org.person("Mia", scopes=[yard])
    grant = gives(org.admin, mia, "site_manager", yard, until=friday())
    mia.get(f"/v1/admin/sites/{yard}")
    since = head(mia)
    runs_out(org, grant)
    mia.get(f"/v1/admin/sites/{yard}", 403)
    assert mia.reads(yard) == []
    tidies(org)
    assert [one["role"] for one in mia.get("/v1/me")["memberships"]] == ["member"]
    assert [(one["before"], one["after"]) for one in heard(mia, "rights.changed", since)] == [
        ("manager", "member")
    ]


def test_who_came_to_manage_goes_when_that_is_over(org: Organisation, yard: str) -> None:
    mia = org.person("Mia")
    gives(org.admin, mia, "site_manager", yard, until=friday())
    (held,) = mia.get("/v1/me")["memberships"]
    assert held["role"] == "manager"
    assert held["ends_at"] is not None
    (grant,) = mia.get("/v1/me/roles")["items"]
    takes(org.admin, grant)
    assert [one["role"] for one in mia.get("/v1/me")["memberships"]] == ["member"]


def test_an_administrator_for_a_while_is_a_member_again(org: Organisation) -> None:
    bea = org.person("Bea")
    grant = gives(org.admin, bea, ADMINISTRATOR, until=friday())
    assert grant["id"] == bea.id
    bea.get("/v1/admin/people")
    runs_out(org, grant)
    bea.get("/v1/admin/people", 403)
    tidies(org)
    assert bea.get("/v1/me")["person"]["role"] == "member"


def test_the_last_administrator_stays(org: Organisation) -> None:
    mine = {"id": org.admin.id}
    bea = org.person("Bea")
    assert takes(org.admin, mine, 409)["code"] == "last_administrator"
    assert (
        gives(org.admin, org.admin, ADMINISTRATOR, until=friday(), status=409)["code"] == "last_administrator"
    )
    gives(org.admin, bea, ADMINISTRATOR, until=friday())
    assert takes(org.admin, mine, 409)["code"] == "last_administrator", (
        "who goes by themselves is none to rely on"
    )
    gives(org.admin, bea, ADMINISTRATOR)
    takes(org.admin, mine)
    org.admin.get("/v1/admin/people", 403)
    assert gives(bea, bea, ADMINISTRATOR, until=friday(), status=409)["code"] == "last_administrator"


@pytest.mark.parametrize("how", ["takes", "ends"])
def test_of_the_last_two_who_take_one_another_one_stays(org: Organisation, how: str) -> None:
    bea = org.person("Bea")
    gives(org.admin, bea, ADMINISTRATOR)
    ada_id, bea_id = org.admin.id, bea.id

    def acts(phone: Phone, other: str) -> Callable[[], object]:
        if how == "takes":
            return lambda: phone.request("DELETE", f"/v1/admin/role-grants/{other}")
        ends_at = clock.wire(friday())
        body = {"person_id": other, "role": ADMINISTRATOR, "ends_at": ends_at}
        return lambda: phone.request("POST", "/v1/admin/role-grants", body)

    with ThreadPoolExecutor() as pool, held_before_commit(org.world, lambda: pool.submit(acts(bea, ada_id))):
        first = acts(org.admin, bea_id)()
    left = next(phone for phone in (org.admin, bea) if phone.get("/v1/me")["person"]["role"] == ADMINISTRATOR)
    assert first.status_code in (204, 201)  # type: ignore[attr-defined]
    assert None in {row["ends_at"] for row in given(left) if row["role"] == ADMINISTRATOR}


def test_an_officer_for_a_while(org: Organisation) -> None:
    olga, otto = officer(org), org.person("Otto")
    grant = gives(olga, otto, "compliance_officer", until=friday())
    assert "organisation:audit:export" in otto.get("/v1/me")["permissions"]
    assert gives(org.admin, otto, ADMINISTRATOR, status=409)["code"] == "roles_exclude"
    runs_out(org, grant)
    assert "organisation:audit:export" not in otto.get("/v1/me")["permissions"]
    gives(org.admin, otto, ADMINISTRATOR)


def test_nobody_gives_for_longer_than_they_have(org: Organisation, yard: str) -> None:
    mia, mo = org.person("Mia"), org.person("Mo")
    end = friday()
    gives(org.admin, mia, "site_manager", yard, until=end)
    path = f"/v1/admin/scopes/{yard}/memberships"
    for person in (mia, mo):
        for until in (None, end + timedelta(hours=1)):
            assert (
                gives(mia, person, "site_manager", yard, until=until, status=403)["code"] == "role_beyond_own"
            )
            gives(mia, person, "moderator", yard, until=until, status=403)
        mia.put(f"{path}/{person.id}", {"role": "manager"}, 403)
    gives(mia, mo, "moderator", yard, until=end - timedelta(hours=1))
    gives(org.admin, mia, "site_manager")
    gives(mia, mo, "moderator", yard)
    gives(org.admin, mo, ADMINISTRATOR, until=end)
    gives(mo, mo, ADMINISTRATOR, status=403)
    gives(mo, mia, ADMINISTRATOR, status=403)
