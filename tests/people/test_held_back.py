"""Administrators see whose account is held back by guesses, and let them go."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from people.sign_in.models import SignInFailure
from people.sign_in.throttle import ALLOWED
from tests.stories.guessing import guesses_from, tries_from
from tests.world import PASSWORD, Organisation, World

ALICE = "alice@example.com"
HOME, STRANGER = "198.51.100.7", "203.0.113.66"


@pytest.fixture(autouse=True)
def nobody_has_guessed(world: World) -> Iterator[None]:
    yield
    with world.worker.transaction() as session:
        session.execute(delete(SignInFailure))


def test_somebody_guesses_at_alice_who_is_let_go(org: Organisation) -> None:
    alice = org.person("Alice")
    assert org.admin.get("/v1/admin/held-back")["items"] == []
    guesses_from(org, STRANGER, ALICE, ALLOWED)
    assert tries_from(org, STRANGER, ALICE, PASSWORD) == 429
    (held,) = org.admin.get("/v1/admin/held-back")["items"]
    assert held["person_id"] == alice.id
    assert (held["name"], held["reach"], held["tries"]) == ("Alice", "address", ALLOWED)
    assert held["door"] == "too_many_sign_ins"
    org.admin.delete(f"/v1/admin/held-back/{held['person_id']}", 204)
    assert org.admin.get("/v1/admin/held-back")["items"] == []
    assert tries_from(org, STRANGER, ALICE, PASSWORD) == 201


def test_who_guessed_less_is_not_held_back(org: Organisation) -> None:
    org.person("Alice")
    guesses_from(org, STRANGER, ALICE, ALLOWED - 1)
    assert org.admin.get("/v1/admin/held-back")["items"] == []


def test_names_that_are_nobodys_are_not_listed(org: Organisation) -> None:
    guesses_from(org, STRANGER, "nobody@example.com", ALLOWED + 1)
    assert org.admin.get("/v1/admin/held-back")["items"] == []


def test_it_is_nobody_elses_to_see_or_to_end(org: Organisation, world: World) -> None:
    alice, other = org.person("Alice"), world.organisation("Elsewhere")
    guesses_from(org, STRANGER, ALICE, ALLOWED)
    assert other.admin.get("/v1/admin/held-back")["items"] == []
    other.admin.delete(f"/v1/admin/held-back/{alice.id}", 404)
    alice.get("/v1/admin/held-back", 403)
    alice.delete(f"/v1/admin/held-back/{alice.id}", 403)
    assert tries_from(org, STRANGER, ALICE, PASSWORD) == 429


def test_who_asked_for_too_much_is_listed_and_let_go(org: Organisation) -> None:
    alice = org.person("Alice")
    while alice.request("PATCH", "/v1/me", {"name": "Alice"}).status_code != 429:
        pass
    (held,) = org.admin.get("/v1/admin/held-back")["items"]
    assert (held["person_id"], held["door"], held["tries"]) == (alice.id, "too_many_requests", None)
    assert (held["limit"], held["reach"]) == ("write-device", "device")
    assert org.world.organisation("Elsewhere").admin.get("/v1/admin/held-back")["items"] == []
    org.admin.delete(f"/v1/admin/held-back/{alice.id}", 204)
    assert org.admin.get("/v1/admin/held-back")["items"] == []
    alice.patch("/v1/me", {"name": "Alice"})
