"""A code for a new password: who gives it, and what it is good for."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from base.errors import Forbidden, NotFound
from people.accounts.resets import LASTS, issue_code, issue_code_as_operator
from people.models import IdempotencyKey
from people.sign_in.models import ResetCode
from people.sign_in.tokens import digest
from tests.product import ROOT
from tests.stories.actors import actor_of
from tests.stories.checkins import code, marker
from tests.stories.passwords import NEW, can_sign_in, hears_of, joins, redeems, reset_code
from tests.stories.scopes import manager
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, World

ADA, ALICE = "admin@example.com", "alice@example.com"


def test_alice_forgot_her_password_and_comes_in_again(org: Organisation) -> None:
    alice = org.person("Alice")
    other = org.signs_in(ALICE, "Alice")
    told = reset_code(org.admin, alice.id).lower()
    redeems(org, " Alice@Example.com", f" {told[:4]}-{told[4:8]} {told[8:]}")
    for phone in (alice, other):
        assert phone.get("/v1/me", 401)["code"] == "session_ended"
        phone.post("/v1/sessions/refresh", {"refresh_token": phone.tokens["refresh_token"]}, 401)
    assert can_sign_in(org, ALICE, NEW)
    assert not can_sign_in(org, ALICE, PASSWORD)
    org.admin.get("/v1/me")


def test_she_hears_which_sessions_ended_and_why(org: Organisation) -> None:
    alice = org.person("Alice")
    position, session_id = alice.get("/v1/me")["position"], alice.session_id
    redeems(org, ALICE, reset_code(org.admin, alice.id), PASSWORD)
    again = org.signs_in(ALICE, "Alice")
    ended = [each["data"] for each in again.syncs(position) if each["type"] == "session.ended"]
    assert [(each["session_id"], each["reason"]) for each in ended] == [(session_id, "password_reset")]


def test_whoever_is_signed_in_hears_that_a_code_was_made_and_by_whom(world: World, org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    position = alice.get("/v1/me")["position"]
    reset_code(org.admin, alice.id)
    with world.worker.transaction() as session:
        issue_code_as_operator(session, org.slug, ALICE)
    assert hears_of(alice, position) == [("reset_code", org.admin.id), ("reset_code", None)]
    assert hears_of(bob, position) == []


def test_a_code_is_good_once(org: Organisation) -> None:
    told = reset_code(org.admin, org.person("Alice").id)
    redeems(org, ALICE, told)
    assert redeems(org, ALICE, told, PASSWORD, 422)["code"] == "reset_refused"
    assert can_sign_in(org, ALICE, NEW)


def test_the_newest_code_is_the_only_one(org: Organisation) -> None:
    alice = org.person("Alice")
    first, second = (reset_code(org.admin, alice.id) for _ in range(2))
    redeems(org, ALICE, first, status=422)
    redeems(org, ALICE, second)


def test_a_code_is_good_for_an_hour(org: Organisation, later: Callable[[timedelta], None]) -> None:
    told = reset_code(org.admin, org.person("Alice").id)
    later(LASTS)
    assert redeems(org, ALICE, told, status=422)["code"] == "reset_refused"


def test_shortly_before_that_it_is_still_good(org: Organisation, later: Callable[[timedelta], None]) -> None:
    told = reset_code(org.admin, org.person("Alice").id)
    later(LASTS - timedelta(minutes=1))
    redeems(org, ALICE, told)


def test_a_password_that_is_too_weak_does_not_use_it_up(org: Organisation) -> None:
    told = reset_code(org.admin, org.person("Alice").id)
    for weak in ("", "too short", "x" * 201):
        assert redeems(org, ALICE, told, weak, 422)["errors"][0]["pointer"] == "/new_password"
    redeems(org, ALICE, told)


def test_who_gives_codes(org: Organisation) -> None:
    site = org.site()
    alice, mia = org.person("Alice"), manager(org, "Mia", site)
    vera = comes_as_visitor(org, code(org, marker(org, site, "printed", admits_visitors_hours=1)))
    path = f"/v1/admin/people/{alice.id}/reset-code"
    for phone in (alice, mia, vera):
        assert phone.post(path, None, 403)["code"] == "forbidden"
    org.world.organisation().admin.post(path, None, 404)
    assert org.admin.post(f"/v1/admin/people/{org.admin.id}/reset-code", None, 403)["code"] == "own_account"
    assert org.admin.post(f"/v1/admin/people/{vera.id}/reset-code", None, 409)["code"] == "no_password"
    org.admin.delete(f"/v1/admin/people/{mia.id}")
    closed = next(item for item in org.admin.get("/v1/admin/people")["items"] if item["name"] == "Mia")
    assert org.admin.post(f"/v1/admin/people/{closed['id']}/reset-code", None, 409)["code"] == "account_ended"


def test_nobody_gives_one_for_an_account_that_may_do_more(world: World, org: Organisation) -> None:
    ada, alice = actor_of(org.admin), actor_of(org.person("Alice"))
    with pytest.raises(Forbidden), world.web.transaction(org.id) as session:
        issue_code(session, alice, ada.person_id)


def test_administrators_help_one_another(org: Organisation) -> None:
    bea = org.person("Bea", role="organisation_administrator")
    redeems(org, ADA, reset_code(bea, org.admin.id))
    assert can_sign_in(org, ADA, NEW)


def test_a_code_is_worthless_when_the_account_is_closed_whoever_has_its_address(org: Organisation) -> None:
    alice = org.person("Alice")
    told = reset_code(org.admin, alice.id)
    org.admin.delete(f"/v1/admin/people/{alice.id}")
    redeems(org, ALICE, told, status=422)
    joins(org, "Alicia", ALICE)
    redeems(org, ALICE, told, status=422)
    assert can_sign_in(org, ALICE)


def test_a_change_of_the_password_by_oneself_makes_the_code_worthless(org: Organisation) -> None:
    alice = org.person("Alice")
    told = reset_code(org.admin, alice.id)
    alice.put("/v1/me/password", {"current_password": PASSWORD, "new_password": NEW}, 204)
    redeems(org, ALICE, told, PASSWORD, 422)


def test_only_a_digest_is_kept_and_only_its_organisation_sees_it(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    path = f"/v1/admin/people/{alice.id}/reset-code"
    first, second = (org.admin.post(path, None, 201, Idempotency_Key="k-1")["code"] for _ in range(2))
    assert first != second
    with world.web.transaction(org.id) as session:
        (kept,) = session.scalars(select(ResetCode)).all()
        assert kept.code_digest == digest(second)
        assert session.scalars(select(IdempotencyKey).where(IdempotencyKey.key == "k-1")).all() == []
    with world.web.transaction(world.organisation().id) as session:
        assert session.scalars(select(ResetCode)).all() == []


def test_an_operator_lets_the_only_administrator_in(world: World, org: Organisation) -> None:
    command = [sys.executable, "-m", "jobs.reset_password", "--organisation", org.slug]
    command += ["--address", "Admin@example.com"]
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **world.environment}, capture_output=True, text=True, check=True
    )
    told, until = ran.stdout.split()
    assert until.endswith("Z")
    redeems(org, ADA, told)
    org.admin.get("/v1/me", 401)
    assert can_sign_in(org, ADA, NEW)


def test_an_operator_gives_none_for_whom_there_is_not(world: World, org: Organisation) -> None:
    org.admin.delete(f"/v1/admin/people/{org.person('Alice').id}")
    with world.worker.transaction() as session:
        for slug, email in (
            (org.slug, ALICE),
            (org.slug, "nobody@example.com"),
            ("no-such-organisation", ADA),
            (org.slug, ""),
        ):
            with pytest.raises(NotFound):
                issue_code_as_operator(session, slug, email)
