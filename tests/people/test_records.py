"""What an employer knows of people: written down, changed, looked for; and seen by no colleague."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.stories.checkins import code, marker
from tests.stories.identifiers import (
    NUMBER,
    comes_in,
    edits,
    enters,
    lets_in,
    writes_down,
)
from tests.stories.passwords import hears_of
from tests.stories.twins import codes
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, World

EMPTY = {
    "given_name": None,
    "family_name": None,
    "title": None,
    "employee_number": None,
    "manager_id": None,
    "home_site_id": None,
    "languages": [],
    "employed_from": None,
    "employed_until": None,
}


def test_mina_is_written_down_and_sees_what_is_known(org: Organisation) -> None:
    site, boss = org.site(), org.person("Hanna")
    known = {
        "given_name": "\ubbfc\uc544",
        "family_name": "\uae40",
        "title": "Crane operator",
        "employee_number": "A-17",
        "manager_id": boss.id,
        "home_site_id": site,
        "languages": ["ko", "en"],
        "employed_from": "2026-03-01",
        "employed_until": None,
    }
    mina = comes_in(org, "Mina", **known)
    assert mina.get("/v1/me")["profile"] == known
    assert org.admin.get(f"/v1/admin/people/{mina.id}")["profile"] == known
    assert boss.get("/v1/me")["profile"] == EMPTY
    assert lets_in(org, "a-17")


def test_what_is_named_changes_and_nothing_else(org: Organisation) -> None:
    mina = writes_down(org, "Mina", title="Fitter", given_name="Mina")
    edited = edits(org, mina["id"], title="Foreman", languages=["KO", "zh-hant-tw", "sr-LATN"])
    assert edited["profile"] == EMPTY | {
        "given_name": "Mina",
        "title": "Foreman",
        "languages": ["ko", "zh-Hant-TW", "sr-Latn"],
    }
    assert edits(org, mina["id"], title=None)["profile"]["title"] is None
    path, anything = f"/v1/admin/people/{mina['id']}", {"If_Match": "*"}
    assert org.admin.patch(path, {"name": "Minah", "locale": "ko"}, **anything)["name"] == "Minah"


def test_an_edit_names_the_version_that_it_was_made_from(org: Organisation) -> None:
    mina = writes_down(org, "Mina")
    path, change = f"/v1/admin/people/{mina['id']}", {"profile": {"title": "Fitter"}}
    seen = org.admin.request("GET", path).headers["ETag"]
    org.admin.patch(path, change, 428)
    edited = org.admin.request("PATCH", path, change, If_Match=seen)
    org.admin.patch(path, {"profile": {"title": "Foreman"}}, 412, If_Match=seen)
    assert org.admin.get(path)["profile"]["title"] == "Fitter"
    assert org.admin.request("GET", path).headers["ETag"] == edited.headers["ETag"] != seen
    body = {"kind": "username", "value": "minah"}
    org.admin.post(f"{path}/identifiers", body, 201)
    org.admin.patch(path, change, 412, If_Match=edited.headers["ETag"])


def test_of_two_edits_at_once_the_second_is_stale(world: World, org: Organisation) -> None:
    path = f"/v1/admin/people/{writes_down(org, 'Mina')['id']}"
    seen = org.admin.request("GET", path).headers["ETag"]
    bea = org.person("Bea", role="organisation_administrator")
    one, other = (
        lambda who=who: who.request("PATCH", path, {"profile": {"title": who.name}}, If_Match=seen)
        for who in (org.admin, bea)
    )
    assert codes(world, one, other) == [None, "stale"]


@pytest.mark.parametrize(
    "body",
    [
        {"role": "organisation_administrator"},
        {"ended_at": None},
        {"email": "eve@example.com"},
        {"organisation_id": "01a20a00-0000-7000-8000-000000000000"},
        {"profile": {"id": "01a20a00-0000-7000-8000-000000000000"}},
        {"profile": None},
        {"profile": {"languages": None}},
        {"profile": {"languages": ["ko"] * 21}},
        {"profile": {"languages": ["korean_kr"]}},
        {"profile": {"languages": ["x-private"]}},
        {"profile": {"employed_from": "2026-02-30"}},
        {"profile": {"employed_until": "1066-10-14"}},
        {"profile": {"employed_from": "2026-03-02", "employed_until": "2026-03-01"}},
        {"profile": {"title": "x" * 101}},
        {"profile": {"title": "\u200b"}},
        {"profile": {"employee_number": "010-1234-5678"}},
    ],
)
def test_what_is_not_theirs_to_say_is_refused_whole(org: Organisation, body: dict[str, Any]) -> None:
    mina = writes_down(org, "Mina", phone="010-9999-0000")
    path = f"/v1/admin/people/{mina['id']}"
    profile = body.get("profile")
    if profile:
        body = {"profile": {"given_name": "Changed", **profile}}
    org.admin.patch(path, body, 422, If_Match="*")
    assert org.admin.get(path) == mina
    org.admin.post("/v1/admin/people", {"name": "Eve", "identifiers": [], **body}, 422)


def test_nobody_leads_who_is_led_by_them(org: Organisation) -> None:
    ann, bo, cy = (
        writes_down(org, name, phone=f"010-1234-000{n}")["id"] for n, name in enumerate(("Ann", "Bo", "Cy"))
    )
    edits(org, bo, manager_id=ann)
    edits(org, cy, manager_id=bo)
    for manager_id in (ann, cy, bo):
        refusal = edits(org, ann, 422, manager_id=manager_id)
        assert refusal["errors"][0]["pointer"] == "/profile/manager_id"
    edits(org, bo, manager_id=None)
    edits(org, ann, manager_id=cy)


def test_nor_where_each_is_given_the_other_at_once(world: World, org: Organisation) -> None:
    ann, bo = (writes_down(org, name, phone=f"010-1234-000{n}")["id"] for n, name in enumerate(("Ann", "Bo")))
    bea = org.person("Bea", role="organisation_administrator")
    one, other = (
        lambda who=who, led=led, by=by: who.request(
            "PATCH", f"/v1/admin/people/{led}", {"profile": {"manager_id": by}}, If_Match="*"
        )
        for who, led, by in ((org.admin, ann, bo), (bea, bo, ann))
    )
    assert codes(world, one, other) == [None, "invalid"]


def test_who_or_what_is_not_here_is_refused_alike(org: Organisation) -> None:
    theirs, site = org.world.organisation(), org.site()
    gate = marker(org, site, "printed", admits_visitors_hours=1)
    vera, gone = comes_as_visitor(org, code(org, gate)).id, org.person("Gus").id
    org.admin.delete(f"/v1/admin/people/{gone}")
    mina = writes_down(org, "Mina")["id"]
    managers = (theirs.admin.id, vera, gone, site, "01a20a00-0000-7000-8000-000000000000")
    sites = (theirs.site(), org.zone(site), org.id, mina, "01a20a00-0000-7000-8000-000000000000")
    for field, ids in (("manager_id", managers), ("home_site_id", sites)):
        said = [edits(org, mina, 422, **{field: wrong})["errors"] for wrong in ids]
        assert said == [said[0]] * len(ids)
    assert org.admin.get(f"/v1/admin/people/{mina}")["profile"] == EMPTY


def test_an_employee_number_is_exchanged(org: Organisation) -> None:
    mina = comes_in(org, "Mina", employee_number="A-17")
    bo = writes_down(org, "Bo", phone=None, employee_number="A-18")
    assert edits(org, mina.id, 409, employee_number="a-18")["code"] == "identifier_taken"
    edits(org, mina.id, employee_number="A-19")
    assert lets_in(org, "A-19")
    assert not lets_in(org, "A-17")
    assert edits(org, bo["id"], 409, employee_number=None)["code"] == "last_identifier"
    assert edits(org, mina.id, employee_number=None)["profile"]["employee_number"] is None
    assert ("identifier", org.admin.id) in hears_of(mina, 0)
    taken = {"name": "Eve", "profile": {"employee_number": "A-18"}}
    org.admin.post("/v1/admin/people", taken, 409)
    org.admin.post("/v1/admin/people", {"name": "Eve"}, 422)


def test_what_signs_in_and_until_when_takes_a_fresh_proof(
    org: Organisation, later: Callable[[timedelta], None]
) -> None:
    mina = writes_down(org, "Mina", employed_until="2099-12-31")["id"]
    later(timedelta(minutes=6))
    for change in ({"employee_number": "A-17"}, {"employed_until": "2099-12-30"}, {"employed_until": None}):
        assert edits(org, mina, 403, **change)["code"] == "step_up_required"
    assert edits(org, mina, title="Fitter", employed_until="2099-12-31")["profile"]["title"] == "Fitter"


def test_the_only_administrator_has_no_last_day(org: Organisation) -> None:
    refusal = edits(org, org.admin.id, 409, employed_until="2099-12-31")
    assert refusal["code"] == "last_administrator"
    bea = org.person("Bea", role="organisation_administrator")
    edits(org, bea.id, employed_until="2099-12-31")
    assert edits(org, org.admin.id, 409, employed_until="2099-12-31")["code"] == "last_administrator"
    assert org.admin.delete(f"/v1/admin/people/{org.admin.id}", 409)["code"] == "last_administrator"
    edits(org, org.admin.id, title="Head of everything")


def test_closed_accounts_are_not_changed(org: Organisation) -> None:
    mina = writes_down(org, "Mina")["id"]
    org.admin.delete(f"/v1/admin/people/{mina}")
    assert edits(org, mina, 409, title="Ghost")["code"] == "account_ended"


def test_people_are_looked_for(org: Organisation) -> None:
    mina = writes_down(org, "Mina Kim", employee_number="A-17")["id"]
    writes_down(org, "Minho", phone="010-9999-0000")
    alice = org.person("Alice").id
    org.admin.delete(f"/v1/admin/people/{alice}")

    def found(query: str) -> list[str]:
        return [each["name"] for each in org.admin.get(f"/v1/admin/people?{query}")["items"]]

    assert found("q=min") == ["Mina Kim", "Minho"]
    assert found("q=MINA%20k") == ["Mina Kim"]
    assert found("q=kim") == []
    assert found("q=010-1234") == found("q=%2B8210%201234") == found("q=a-1") == ["Mina Kim"]
    assert found("q=alice@") == ["Alice"]
    assert found("q=%25") == found("q=_") == found("q=%5C") == []
    assert found("state=open") == ["Ada", "Mina Kim", "Minho"]
    assert found("state=ended") == ["Alice"]
    assert found("state=ended&q=min") == []
    org.admin.get("/v1/admin/people?state=nonsense", 422)
    first = org.admin.get("/v1/admin/people?q=min&limit=1")
    assert [each["id"] for each in first["items"]] == [mina]
    assert found(f"q=min&limit=1&cursor={first['next']}") == ["Minho"]
    assert org.world.organisation().admin.get("/v1/admin/people?q=min")["items"] == []


def test_a_person_without_a_password_is_no_administrator_and_nobodys_guess(org: Organisation) -> None:
    assert writes_down(org, "Mina")["role"] == "member"
    for password in (PASSWORD, "x"):
        assert enters(org, NUMBER, password).get_json()["code"] == "sign_in_refused"
