"""A code for a new password: who gives it, who may use it how often, and what those get who have none."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from base import clock
from base.errors import Forbidden, NotFound
from people.accounts.managed import NoPassword
from people.accounts.resets import LASTS, forget_old_codes, issue_code, issue_code_as_operator
from people.models import IdempotencyKey, Person
from people.sign_in.models import ResetCode, SignInFailure
from people.sign_in.throttle import ALLOWED, WINDOW, forget_old_failures
from people.sign_in.tokens import digest
from tests.product import ROOT
from tests.stories.actors import actor_of
from tests.stories.checkins import code, marker
from tests.stories.passwords import NEW, can_sign_in, hears_of, joins, redeems, reset_code, tries_to_sign_in
from tests.stories.scopes import manager
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, Phone, World

ADA, ALICE = "admin@example.com", "alice@example.com"
WRONG = "ABCD-EFGH-JKMN-PQRS"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Turn the product's clock forward."""

    def turn(by: timedelta) -> None:
        now = clock.now
        monkeypatch.setattr(clock, "now", lambda: now() + by)

    return turn


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


def asked_in_vain(org: Organisation, **changed: str) -> tuple[dict[str, Any], list[str]]:
    """What is answered, and the statements that it took."""
    body = {"organisation": org.slug, "email": ALICE, "code": WRONG, "new_password": NEW, **changed}
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engine = org.world.web.engine
    event.listen(engine, "before_cursor_execute", note)
    answer = Phone(org, "Eve").post("/v1/password-resets", body, 422)
    event.remove(engine, "before_cursor_execute", note)
    return {name: value for name, value in answer.items() if name != "request_id"}, statements


def test_whether_an_account_or_a_code_exists_is_not_told(org: Organisation) -> None:
    alice, bob, other = org.person("Alice"), org.person("Bob"), org.world.organisation()
    joins(other, "Alice", ALICE)
    told = reset_code(org.admin, alice.id)
    org.admin.delete(f"/v1/admin/people/{bob.id}")
    answers = [
        asked_in_vain(org),
        asked_in_vain(org, email="nobody@example.com"),
        asked_in_vain(org, email="bob@example.com"),
        asked_in_vain(org, email=ADA, code=told),
        asked_in_vain(org, organisation="no-such-organisation", code=told),
        asked_in_vain(org, organisation=other.slug, code=told),
    ]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0]["code"] == "reset_refused"
    redeems(org, ALICE, told)


def test_guessing_is_slowed_and_the_right_code_does_not_help_then(org: Organisation) -> None:
    alice = org.person("Alice")
    told = reset_code(org.admin, alice.id)
    for _ in range(ALLOWED):
        redeems(org, "ALICE@example.com ", WRONG, status=422)
    assert redeems(org, ALICE, told, status=429)["code"] == "too_many_resets"
    assert can_sign_in(org, ALICE), "guessing at codes holds nobody up at the door"
    redeems(org, "nobody@example.com", WRONG, status=422)
    redeems(org, ALICE, reset_code(org.admin, alice.id))


def test_names_without_an_account_are_slowed_alike(org: Organisation) -> None:
    answers = [redeems(org, "nobody@example.com", WRONG, status=422) for _ in range(ALLOWED)]
    assert {answer["code"] for answer in answers} == {"reset_refused"}
    redeems(org, "nobody@example.com", WRONG, status=429)


def test_whoever_tried_too_many_passwords_is_let_in_with_the_new_one(org: Organisation) -> None:
    told = reset_code(org.admin, org.person("Alice").id)
    for _ in range(ALLOWED):
        tries_to_sign_in(org, ALICE, "is it this one?")
    assert tries_to_sign_in(org, ALICE).status_code == 429
    redeems(org, ALICE, told)
    assert can_sign_in(org, ALICE, NEW)


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


@pytest.mark.parametrize("missing", ["organisation", "email", "code", "new_password"])
def test_a_request_without_all_that_is_asked_is_refused(org: Organisation, missing: str) -> None:
    body = {"organisation": org.slug, "email": ALICE, "code": WRONG, "new_password": NEW}
    del body[missing]
    refusal = Phone(org, "Eve").post("/v1/password-resets", body, 422)
    assert refusal["errors"][0]["pointer"] == f"/{missing}"
    redeems(org, ALICE, "x" * 70_000, status=413)


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
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    comes_as_visitor(org, code(org, gate))
    org.admin.delete(f"/v1/admin/people/{org.person('Alice').id}")
    with world.worker.transaction() as session:
        vera = session.scalars(
            select(Person.email).where(Person.organisation_id == org.id, Person.name == "Vera")
        ).one()
        for slug, email, problem in (
            (org.slug, ALICE, NotFound),
            (org.slug, "nobody@example.com", NotFound),
            ("no-such-organisation", ADA, NotFound),
            (org.slug, vera, NoPassword),
        ):
            with pytest.raises(problem):
                issue_code_as_operator(session, slug, email)


def test_what_is_over_is_forgotten(fresh_world: World, later: Callable[[timedelta], None]) -> None:
    org = fresh_world.organisation()
    reset_code(org.admin, org.person("Alice").id)
    redeems(org, "nobody@example.com", WRONG, status=422)

    def kept() -> tuple[int, int]:
        with fresh_world.worker.transaction() as session:
            forget_old_codes(session)
            forget_old_failures(session)
            return len(session.scalars(select(ResetCode)).all()), len(
                session.scalars(select(SignInFailure)).all()
            )

    assert kept() == (1, 1)
    later(WINDOW + timedelta(seconds=1))
    assert kept() == (1, 0)
    later(LASTS - WINDOW)
    assert kept() == (0, 0)
