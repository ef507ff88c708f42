"""Another password: who knows the present one, and what a stolen access token is worth without it."""

import unicodedata

import pytest
from sqlalchemy import select

from people.models import IdempotencyKey
from people.sign_in.throttle import ALLOWED
from tests.stories.checkins import code, marker
from tests.stories.passwords import (
    NEW,
    can_sign_in,
    changes_password,
    guesses_in_vain,
    hears_of,
    joins,
    tries_to_sign_in,
)
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, World

ALICE = "alice@example.com"
HANGUL = "비밀번호는 길어야 한다"


def test_the_new_password_is_the_only_one(org: Organisation) -> None:
    alice = org.person("Alice")
    changes_password(alice, PASSWORD, NEW)
    assert can_sign_in(org, ALICE, NEW)
    assert not can_sign_in(org, ALICE, PASSWORD)


def test_all_other_sessions_end_and_this_one_hears_of_it(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    lost = org.signs_in(ALICE, "Alice")
    position = alice.get("/v1/me")["position"]
    changes_password(alice, PASSWORD, NEW)
    assert lost.get("/v1/me", 401)["code"] == "session_ended"
    lost.post("/v1/sessions/refresh", {"refresh_token": lost.tokens["refresh_token"]}, 401)
    ended = [event["data"] for event in alice.syncs(position) if event["type"] == "session.ended"]
    assert [(each["session_id"], each["reason"]) for each in ended] == [(lost.session_id, "password_changed")]
    assert hears_of(alice, position) == [("password", alice.id)]
    alice.keeps(alice.post("/v1/sessions/refresh", {"refresh_token": alice.tokens["refresh_token"]}))
    alice.get("/v1/me")
    bob.get("/v1/me")


def test_a_wrong_password_changes_and_ends_nothing(org: Organisation) -> None:
    alice = org.person("Alice")
    other = org.signs_in(ALICE, "Alice")
    refusal = changes_password(alice, "not her password", NEW, 403)
    assert refusal["code"] == "password_refused"
    other.get("/v1/me")
    assert can_sign_in(org, ALICE, PASSWORD)


def test_a_stolen_token_buys_no_more_guesses_than_are_counted(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    assert guesses_in_vain(alice, ALLOWED + 1) == [403] * ALLOWED + [429]
    refusal = changes_password(alice, PASSWORD, NEW, 429)
    assert refusal["code"] == "too_many_sign_ins"
    changes_password(bob, PASSWORD, NEW)
    assert can_sign_in(org, ALICE), "elsewhere she is let in"


def test_who_knows_the_password_is_not_held_up_by_former_mistakes(org: Organisation) -> None:
    alice = org.person("Alice")
    for _ in range(2):
        guesses_in_vain(alice, ALLOWED - 1)
        changes_password(alice, PASSWORD, PASSWORD)


@pytest.mark.parametrize(
    "weak", ["", "too short", "가" * 9, unicodedata.normalize("NFD", "각" * 9), "x" * 201]
)
def test_a_weak_password_is_refused_and_counts_as_no_guess(org: Organisation, weak: str) -> None:
    alice = org.person("Alice")
    for _ in range(ALLOWED + 1):
        refusal = changes_password(alice, "a guess that is wrong", weak, 422)
    assert refusal["errors"][0]["pointer"] == "/new_password"
    changes_password(alice, PASSWORD, NEW)


@pytest.mark.parametrize("body", [{}, {"current_password": PASSWORD}, {"new_password": NEW}, [], "x", None])
def test_half_a_request_is_refused(org: Organisation, body: object) -> None:
    assert org.admin.request("PUT", "/v1/me/password", body).status_code in (415, 422)
    assert can_sign_in(org, "admin@example.com", PASSWORD)


def test_a_password_of_hangul_is_the_same_in_parts(org: Organisation) -> None:
    alice, in_parts = org.person("Alice"), unicodedata.normalize("NFD", HANGUL)
    changes_password(alice, PASSWORD, in_parts)
    assert can_sign_in(org, ALICE, HANGUL)
    changes_password(alice, HANGUL, NEW)
    changes_password(alice, NEW, HANGUL)
    changes_password(alice, in_parts, NEW)


def test_the_longest_password_is_let_in_from_a_mac_too(org: Organisation) -> None:
    longest = "긁힌 자국을 본 사람은 누구나 알 것이다. " * 8 + "긁" * 8
    assert len(longest) == 200
    changes_password(org.person("Alice"), PASSWORD, longest)
    assert can_sign_in(org, ALICE, unicodedata.normalize("NFD", longest))
    assert tries_to_sign_in(org, ALICE, longest + "긁").status_code == 422


def test_a_visitor_from_the_gate_has_no_password(org: Organisation) -> None:
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    vera = comes_as_visitor(org, code(org, gate))
    assert changes_password(vera, PASSWORD, NEW, 403)["code"] == "password_refused"


def test_nothing_is_kept_of_a_body_with_passwords(world: World, org: Organisation) -> None:
    alice = joins(org, "Alice", ALICE)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert alice.request("PUT", "/v1/me/password", body, Idempotency_Key="k-1").status_code == 204
    assert alice.request("PUT", "/v1/me/password", body, Idempotency_Key="k-1").status_code == 403
    with world.worker.transaction() as session:
        kept = select(IdempotencyKey.key).where(IdempotencyKey.organisation_id == org.id)
        assert session.scalars(kept.where(IdempotencyKey.key == "k-1")).all() == []
