"""Guessing at codes for a new password: what is told, how often it is heard, and what is kept of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from people.accounts.resets import LASTS, forget_old_codes
from people.sign_in.models import ResetCode, SignInFailure
from people.sign_in.throttle import ALLOWED, WINDOW, forget_old_failures
from tests.stories.passwords import NEW, can_sign_in, joins, redeems, reset_code, tries_to_sign_in
from tests.world import Organisation, Phone, World

ADA, ALICE = "admin@example.com", "alice@example.com"
WRONG = "ABCD-EFGH-JKMN-PQRS"


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


@pytest.mark.parametrize("missing", ["organisation", "email", "code", "new_password"])
def test_a_request_without_all_that_is_asked_is_refused(org: Organisation, missing: str) -> None:
    body = {"organisation": org.slug, "email": ALICE, "code": WRONG, "new_password": NEW}
    del body[missing]
    refusal = Phone(org, "Eve").post("/v1/password-resets", body, 422)
    assert refusal["errors"][0]["pointer"] == f"/{missing}"
    redeems(org, ALICE, "x" * 70_000, status=413)


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

    codes, guesses = kept()
    assert codes == 1
    assert guesses > 0
    later(WINDOW + timedelta(seconds=1))
    assert kept() == (1, 0)
    later(LASTS - WINDOW)
    assert kept() == (0, 0)
