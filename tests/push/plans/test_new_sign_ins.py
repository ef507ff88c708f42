"""A sign-in on a new device: all phones of the person say so, in their language, whatever the person muted."""

from datetime import timedelta

import pytest

from base import clock
from tests.push.outgoing import shown
from tests.stories.pushes import count, followed, plans, reachable, silent_at, told
from tests.world import Organisation, World

ALICE = "alice@example.com"


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return followed(fresh_world)


def test_the_persons_phones_are_woken_and_nobody_elses(org: Organisation) -> None:
    alice, _ = silent_at(org, "Alice")
    reachable(org, "Bob")
    quiet = {"do_not_disturb_until": clock.wire(clock.now() + timedelta(hours=2))}
    alice.patch("/v1/me/push-preferences", quiet)
    tablet = org.signs_in(ALICE, "Alice")
    assert told(org, {"id": tablet.session_id}) == {("Alice", "sign_in")}
    assert shown(org) == [("New sign-in", "If it was not you, end that session in the app.")]


def test_the_first_device_and_one_that_is_known_wake_nobody(org: Organisation) -> None:
    alice, _ = silent_at(org, "Alice")
    body = {
        "organisation": org.slug,
        "email": ALICE,
        "password": "correct horse battery",
        "device": alice.app,
    }
    alice.keeps(alice.post("/v1/sessions", body, 201))
    plans(org.world)
    assert count(org) == 0


def test_it_says_neither_where_nor_who_at_any_level(org: Organisation) -> None:
    silent_at(org, "Alice")
    org.admin.put("/v1/admin/privacy", {"push_content": "full"})
    org.signs_in(ALICE, "Alice of the harbour office")
    plans(org.world)
    assert shown(org) == [("New sign-in", "If it was not you, end that session in the app.")]
