"""Who is not told of a post although others are."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import literal, select, update

from base import clock
from journal.catalogue import POST_CREATED
from journal.events import Event, append
from journal.order import position_of
from people.audience import audience
from people.models import Scope
from tests.stories.checkins import code, marker, scans
from tests.stories.pushes import (
    count,
    plans,
    reachable,
    set_device,
    told,
)
from tests.world import Organisation


def test_another_organisation_hears_nothing(org: Organisation) -> None:
    other = org.world.organisation("Other")
    reachable(other, "Mallory")
    post = org.admin.posts(str(org.id), "ours")
    assert told(org, post) == told(other, post) == set()


def test_who_left_before_it_was_planned_is_not_told(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    post = org.admin.posts(site, "Bob!", mentions=[bob.id])
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert told(org, post) == set()


def test_being_named_where_one_is_not_wakes_nobody(org: Organisation) -> None:
    site = org.site(admission="present")
    bob = reachable(org, "Bob")
    assert told(org, org.admin.posts(site, "Bob?", mentions=[bob.id])) == set()


def test_who_may_read_from_entry_on_hears_nothing_of_before(org: Organisation) -> None:
    site = org.site(admission="present", history="since_entry")
    bob = reachable(org, "Bob")
    before = org.admin.posts(site, "secret of the early shift")
    scans(bob, code(org, marker(org, site)))
    after = org.admin.posts(site, "good morning")
    assert told(org, before) == set()
    assert told(org, after) == {("Bob", "message")}


def test_the_statement_and_python_agree_from_when_on_somebody_reads(org: Organisation) -> None:
    site = org.site(admission="present", history="since_entry")
    bob = reachable(org, "Bob")
    before = org.admin.posts(site, "before")
    scans(bob, code(org, marker(org, site)))
    after = org.admin.posts(site, "after")
    org.world.relays()
    with org.world.worker.transaction() as session:
        (one,) = [who for who in audience(session, UUID(site), org.id) if str(who.person_id) == bob.id]
        said = [session.scalar(select(position_of(literal(UUID(post["id"]))))) for post in (before, after)]
    assert said[0] < one.since < said[1]


def test_an_archived_place_wakes_nobody(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "the last one")
    with org.world.worker.transaction() as session:
        session.execute(update(Scope).where(Scope.id == site).values(archived_at=clock.now()))
    assert told(org, post) == set()


@pytest.mark.parametrize(("days", "woken"), [(59, True), (61, False)])
def test_a_device_that_was_silent_for_long_is_left_alone(org: Organisation, days: int, woken: bool) -> None:
    site = org.site(admission="assigned")
    set_device(reachable(org, "Bob", site), last_seen_at=clock.now() - timedelta(days=days))
    assert (told(org, org.admin.posts(site, "hello")) != set()) is woken


def test_who_signed_out_is_not_told(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    bob.delete("/v1/sessions/current")
    assert told(org, org.admin.posts(site, "hello")) == set()


def test_a_closed_account_is_not_told(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    org.admin.delete(f"/v1/admin/people/{bob.id}")
    assert told(org, org.admin.posts(str(org.id), "hello")) == set()


def test_words_that_are_too_old_are_not_told(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    post = bob.get(f"/v1/posts/{org.admin.posts(site, 'hello')['id']}")
    plans(org.world)
    late = {**post, "id": str(uuid4())}
    with org.world.worker.transaction() as session:
        old = clock.now() - timedelta(hours=25)
        event = Event(POST_CREATED, uuid4(), late, scope_id=UUID(site), occurred_at=old)
        append(session, org.id, event)
    assert told(org, late) == set()


def test_nobody_without_a_phone_is_queued_for(org: Organisation) -> None:
    org.person("Bob")
    org.admin.posts(str(org.id), "hello")
    plans(org.world)
    assert count(org) == 0
