"""Leaving on the last day, or before, and coming back: one person, with a history and nothing else of before."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from base import clock
from jobs.schedules import jobs
from people.models import Identifier
from tests.stories.checkins import code, marker
from tests.stories.identifiers import (
    NUMBER,
    adds,
    chooses,
    comes_in,
    edits,
    enters,
    lets_in,
    writes_down,
)
from tests.stories.musters import calls
from tests.stories.passwords import NEW, joins, reset_code
from tests.stories.visitors import comes_as_visitor
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World

ALICE, E164 = "alice@example.com", "+821012345678"


def returns(admin: Phone, person_id: str, status: int = 200, **members: Any) -> Any:
    return admin.post(f"/v1/admin/people/{person_id}/return", members, status)


def left(org: Organisation, phone: Phone) -> str:
    """Somebody's account is closed; their id."""
    person_id = phone.id
    org.admin.delete(f"/v1/admin/people/{person_id}")
    return person_id


def the_worker_looks(world: World) -> int:
    (job,) = [job for job in jobs() if job.name == "end_last_days"]
    with world.worker.transaction() as session:
        done = job.run(session)
    assert isinstance(done, int)
    return done


def until_midnight(zone: ZoneInfo) -> timedelta:
    """How long the present day still lasts there."""
    here = clock.now().astimezone(zone)
    return datetime.combine(here.date() + timedelta(days=1), time(), zone) - here


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_last_day_is_over_where_somebody_works(
    fresh_world: World, later: Callable[[timedelta], None], zone: str
) -> None:
    org = fresh_world.organisation()
    site, there = org.site(timezone=zone), ZoneInfo(zone)
    last = clock.now().astimezone(there).date().isoformat()
    comes_in(org, "Mina", home_site_id=site, employed_until=last)
    later(until_midnight(there) - timedelta(seconds=30))
    assert the_worker_looks(fresh_world) == 0
    assert lets_in(org, NUMBER)
    later(timedelta(seconds=31))
    assert the_worker_looks(fresh_world) == 1
    assert the_worker_looks(fresh_world) == 0
    assert not lets_in(org, NUMBER)


def test_without_a_site_it_is_where_they_live(world: World, org: Organisation) -> None:
    yesterday = clock.now().astimezone(UTC).date() - timedelta(days=1)
    mina = writes_down(org, "Mina", employed_from="2026-01-01", employed_until=yesterday.isoformat())["id"]
    tomorrow = clock.now().astimezone(UTC).date() + timedelta(days=1)
    bo = writes_down(org, "Bo", "010-9999-0000", employed_until=tomorrow.isoformat())["id"]
    the_worker_looks(world)
    seen = org.admin.get(f"/v1/admin/people/{mina}")
    assert seen["employments"] == [
        {"began_on": "2026-01-01", "ended_on": yesterday.isoformat(), "reason": "employment_over"}
    ]
    assert seen["ended_at"] is not None
    assert org.admin.get(f"/v1/admin/people/{bo}")["ended_at"] is None


def test_nobody_is_shut_out_whom_a_roll_call_waits_for(world: World, org: Organisation) -> None:
    site = org.site()
    alice = org.person("Alice", scopes=[site])
    is_seen(org, alice, site)
    muster = calls(org.admin, site)
    edits(org, alice.id, employed_until="2026-01-01")
    the_worker_looks(world)
    alice.get("/v1/me")
    org.admin.post(f"/v1/musters/{muster}/end", {})
    the_worker_looks(world)
    alice.get("/v1/me", 401)


def test_alice_returns_as_herself_with_nothing_that_she_could_do(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice = org.person("Alice", scopes=[site])
    adds(alice, "phone", NUMBER)
    post = alice.posts(site, "I was here")
    person_id = left(org, alice)
    back = returns(org.admin, person_id, employed_from="2027-01-01")
    assert (back["id"], back["email"], back["ended_at"]) == (person_id, ALICE, None)
    assert [each["value"] for each in back["identifiers"]] == [ALICE, E164]
    assert back["profile"]["employed_from"] == "2027-01-01"
    (former,) = back["employments"]
    assert former["reason"] == "account_closed"
    alice.get("/v1/me", 401)
    alice.post("/v1/sessions/refresh", {"refresh_token": alice.tokens["refresh_token"]}, 401)
    assert not lets_in(org, ALICE), "her password is gone"
    chooses(org, NUMBER, reset_code(org.admin, person_id), NEW)
    again = Phone(org, "Alice")
    again.keeps(enters(org, ALICE, NEW).get_json())
    assert again.id == person_id
    assert again.get("/v1/me")["memberships"] == []
    again.get(f"/v1/scopes/{site}/posts", 404)
    assert org.admin.get(f"/v1/posts/{post['id']}")["author"]["id"] == person_id


def test_twice_left_is_twice_in_the_history(org: Organisation) -> None:
    person_id = left(org, org.person("Alice"))
    for _ in range(2):
        returns(org.admin, person_id)
        org.admin.delete(f"/v1/admin/people/{person_id}")
    assert len(org.admin.get(f"/v1/admin/people/{person_id}")["employments"]) == 3


def test_what_others_have_by_now_stays_theirs(org: Organisation) -> None:
    alice = org.person("Alice")
    adds(alice, "phone", NUMBER)
    person_id = left(org, alice)
    joins(org, "Alicia", ALICE)
    back = returns(org.admin, person_id)
    assert back["email"] is None
    assert [each["value"] for each in back["identifiers"]] == [E164]


def test_with_nothing_to_sign_in_with_nobody_returns(org: Organisation) -> None:
    person_id = left(org, org.person("Alice"))
    joins(org, "Alicia", ALICE)
    assert returns(org.admin, person_id, 409)["code"] == "identifier_needed"
    assert org.admin.get(f"/v1/admin/people/{person_id}")["ended_at"] is not None
    given = [{"kind": "phone", "value": NUMBER}, {"kind": "email", "value": ALICE}]
    assert returns(org.admin, person_id, 409, identifiers=given)["code"] == "email_taken"
    back = returns(org.admin, person_id, identifiers=given[:1])
    assert [each["value"] for each in back["identifiers"]] == [E164]


def test_what_was_taken_away_before_does_not_come_back(org: Organisation) -> None:
    alice = org.person("Alice")
    lost = adds(alice, "phone", NUMBER)["id"]
    alice.delete(f"/v1/me/identifiers/{lost}")
    back = returns(org.admin, left(org, alice))
    assert [each["value"] for each in back["identifiers"]] == [ALICE]


def test_a_number_has_to_be_shown_again(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    person_id = alice.id
    with world.worker.transaction() as session:
        theirs = update(Identifier).where(Identifier.person_id == person_id)
        session.execute(theirs.values(verified_at=clock.now()))
    assert alice.get("/v1/me/identifiers")["items"][0]["verified_at"] is not None
    back = returns(org.admin, left(org, alice))
    assert [each["verified_at"] for each in back["identifiers"]] == [None]


def test_who_administered_returns_as_a_member(org: Organisation) -> None:
    bea = org.person("Bea", role="organisation_administrator")
    person_id = left(org, bea)
    assert returns(org.admin, person_id)["role"] == "member"
    bea.get("/v1/admin/people", 401)


def test_a_code_from_before_opens_nothing(org: Organisation) -> None:
    alice = org.person("Alice")
    told = reset_code(org.admin, alice.id)
    person_id = left(org, alice)
    chooses(org, ALICE, told, NEW, 422)
    assert org.admin.post(f"/v1/admin/people/{person_id}/reset-code", None, 409)["code"] == "account_ended"
    returns(org.admin, person_id)
    chooses(org, ALICE, told, NEW, 422)


def test_who_returns_is_asked_for_consent_anew(org: Organisation) -> None:
    alice = org.person("Alice")
    person_id = left(org, alice)
    returns(org.admin, person_id)
    chooses(org, ALICE, reset_code(org.admin, person_id), NEW)
    again = Phone(org, "Alice")
    again.keeps(enters(org, ALICE, NEW).get_json())
    (former,) = again.get("/v1/me/sharing")["consents"]
    assert former["withdrawn_at"] is not None


def test_who_has_not_left_does_not_return(org: Organisation) -> None:
    alice = org.person("Alice")
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    vera = left(org, comes_as_visitor(org, code(org, gate)))
    assert returns(org.admin, alice.id, 409)["code"] == "account_open"
    assert returns(org.admin, vera, 409)["code"] == "visitor_account"
    assert org.admin.get(f"/v1/admin/people/{vera}")["employments"] == []
    gone = left(org, alice)
    returns(org.world.organisation().admin, gone, 404)
    wrong = {"employed_from": "2027-02-01", "employed_until": "2027-01-01"}
    assert returns(org.admin, gone, 422, **wrong)["errors"][0]["pointer"] == "/employed_until"


def test_it_takes_a_fresh_proof(org: Organisation, later: Callable[[timedelta], None]) -> None:
    gone = left(org, org.person("Alice"))
    later(timedelta(minutes=6))
    assert returns(org.admin, gone, 403)["code"] == "step_up_required"
