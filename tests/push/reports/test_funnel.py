"""How far a post's pushes got, in numbers that tell nothing of single persons; and what FCM refused."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from base import clock
from push.models import Delivery
from tests.push.reports.receipts import came_of, reports
from tests.stories.notices import alerts, announces
from tests.stories.pushes import reachable
from tests.stories.reads import reads_up_to
from tests.world import Organisation, Phone, World

LETTERS = "/v1/admin/push/dead-letters"


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def funnel(phone: Phone, post: dict[str, Any], status: int = 200) -> Any:
    return phone.get(f"/v1/admin/posts/{post['id']}/funnel", status)


def test_every_step_counts_those_who_got_there(org: Organisation) -> None:
    site = org.site(admission="assigned")
    phones = [reachable(org, name) for name in ("Amy", "Bob", "Cho", "Dan", "Eve", "Fay")]
    for phone in (*phones, org.person("Guy")):
        org.admin.put(f"/v1/admin/scopes/{site}/memberships/{phone.id}", {})
    amy, bob, cho, dan, eve, fay = phones
    post = alerts(org.admin, site)
    opened = came_of(org, post, amy, "sent")
    delivered = came_of(org, post, bob, "sent")
    came_of(org, post, cho, "failed", reason="unregistered")
    for phone, reason in ((dan, "quiet"), (eve, "muted")):
        came_of(org, post, phone, "dropped", reason=reason)
    came_of(org, post, fay, "queued")
    came_of(org, post, fay, "sent", action="withdraw")
    came_of(org, post, amy, "dropped", reason="acknowledged", type="alert.reminded")
    reports(amy, (opened, "opened", clock.now()))
    reports(bob, (delivered, "delivered", clock.now()))
    reads_up_to(amy, post)
    bob.put(f"/v1/posts/{post['id']}/acknowledgement")
    assert funnel(org.admin, post) == {
        "post_id": post["id"],
        "audience": 7,
        "with_device": 6,
        "read": 1,
        "acknowledged": 1,
        "devices": {
            "queued": 6,
            "waiting": 1,
            "sent": 2,
            "delivered": 2,
            "opened": 1,
            "failed": 1,
            "dropped": 2,
        },
        "failed": {"unregistered": 1},
        "dropped": {"held_back": 2},
    }


def test_a_small_group_shows_nothing_of_single_persons(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {})
    post = announces(org.admin, site)
    came_of(org, post, bob, "dropped", reason="quiet")
    reads_up_to(bob, post)
    numbers = funnel(org.admin, post)
    assert numbers["audience"] == 1
    assert [numbers[name] for name in ("read", "failed", "dropped")] == [None, None, None]
    assert set(numbers["devices"].values()) == {None}  # one that was not queued was not wanted


def test_it_is_for_managers_of_the_scope_alone(org: Organisation) -> None:
    site, other = org.site(admission="assigned"), org.site("Other", at=(126.0, 37.0))
    bob, hanna = org.person("Bob", scopes=[site]), org.person("Hanna")
    org.admin.put(f"/v1/admin/scopes/{other}/memberships/{hanna.id}", {"role": "manager"})
    post = announces(org.admin, site)
    funnel(bob, post, 403)
    funnel(hanna, post, 404)
    funnel(org.world.organisation().admin, post, 404)
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{hanna.id}", {"role": "manager"})
    assert funnel(hanna, post)["audience"] == 2


def test_a_dead_letter_is_listed_without_words_and_sent_again(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    post = announces(org.admin, str(org.id), "the secret word")
    dead = came_of(org, post, bob, "dead", reason="INVALID_ARGUMENT", attempts=3)
    came_of(org, post, org.admin, "failed", reason="unregistered")
    (letter,) = org.admin.get(LETTERS)["items"]
    assert (letter["id"], letter["subject_id"], letter["reason"]) == (dead, post["id"], "INVALID_ARGUMENT")
    assert "secret" not in str(letter)
    org.admin.post(f"{LETTERS}/{dead}/retry", status=204)
    assert org.admin.get(LETTERS)["items"] == []
    with org.world.worker.transaction() as session:
        row = session.get_one(Delivery, UUID(dead))
        assert (row.status, row.reason, row.attempts) == ("queued", None, 0)
    org.admin.post(f"{LETTERS}/{dead}/retry", status=404)


def test_what_is_too_late_is_not_sent_again(org: Organisation) -> None:
    post = announces(org.admin, str(org.id))
    dead = came_of(org, post, org.admin, "dead", expires_at=clock.now())
    assert org.admin.post(f"{LETTERS}/{dead}/retry", status=409)["code"] == "delivery_expired"


def test_dead_letters_are_for_administrators_of_the_organisation(org: Organisation) -> None:
    post = announces(org.admin, str(org.id))
    dead = came_of(org, post, org.admin, "dead")
    bob, theirs = org.person("Bob"), org.world.organisation().admin
    bob.get(LETTERS, 403)
    bob.post(f"{LETTERS}/{dead}/retry", status=403)
    assert theirs.get(LETTERS)["items"] == []
    theirs.post(f"{LETTERS}/{dead}/retry", status=404)
    org.admin.post(f"{LETTERS}/{uuid4()}/retry", status=404)
    assert len(org.admin.get(LETTERS)["items"]) == 1
