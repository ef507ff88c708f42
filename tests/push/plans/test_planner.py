"""Who is told of a post and what for, and who is not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.ids import new_id
from journal.catalogue import POST_CREATED
from journal.events import Event, append
from people.audience import audience
from people.models import Membership, Scope
from push.plans.planner import plan
from push.rules import LEVELS, PRIORITIES, is_told
from social.models import Post
from tests.geo.stays.test_checkins import code, marker, scans
from tests.geo.stays.test_visitors import comes_as_visitor
from tests.push.planning import (
    count,
    gets_address,
    notifications,
    plans,
    reachable,
    rows,
    sent,
    set_device,
    told,
)
from tests.social.test_notices import alerts, announces
from tests.world import Organisation, Phone


def changes(phone: Phone, scope: str, **values: object) -> None:
    """Set somebody's membership of a scope."""
    with phone.organisation.world.worker.transaction() as session:
        mine = (Membership.person_id == phone.id, Membership.scope_id == scope)
        session.execute(update(Membership).where(*mine).values(**values))


def test_a_post_is_told_to_the_others_of_its_scope(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice = reachable(org, "Alice", site)
    reachable(org, "Bob", site)
    reachable(org, "Eve")
    post = alice.posts(site, "The crane is free.")
    assert told(org, post) == {("Bob", "message")}
    (row,), (note,) = rows(org, post), notifications(org, post)
    assert (row.priority, row.action, row.notification_id) == (3, "show", note.id)
    assert (note.kind, note.facts) == ("message", {"type": "post.created", "post_id": post["id"]})


def test_every_phone_of_a_person_is_told(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    gets_address(org.signs_in("bob@example.com", "Bob"))
    assert len(rows_of_post(org, site)) == 2


def rows_of_post(org: Organisation, scope: str) -> list[object]:
    post = org.admin.posts(scope, "hello")
    plans(org.world)
    return list(rows(org, post))


def test_a_mention_and_a_reply_count_for_more(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    mina = reachable(org, "Mina", site)
    asked = bob.posts(site, "Who has the key?")
    answer = org.admin.posts(site, "Mina?", parent_id=asked["id"], mentions=[mina.id])
    assert told(org, answer) == {("Bob", "reply"), ("Mina", "mention")}
    assert {row.priority for row in rows(org, answer)} == {1}


def test_a_mention_of_the_one_who_was_asked_is_a_mention(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    asked = bob.posts(site, "Who has the key?")
    answer = org.admin.posts(site, "You do.", parent_id=asked["id"], mentions=[bob.id])
    assert told(org, answer) == {("Bob", "mention")}


def test_a_reply_to_oneself_is_told_to_the_others_alone(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    reachable(org, "Mina", site)
    asked = bob.posts(site, "Who has the key?")
    again = bob.posts(site, "Found it.", parent_id=asked["id"], mentions=[bob.id])
    assert told(org, again) == {("Mina", "message")}


@pytest.mark.parametrize("level", LEVELS)
def test_levels(org: Organisation, level: str) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    changes(bob, site, level=level)
    message = org.admin.posts(site, "hello")
    mention = org.admin.posts(site, "Bob!", mentions=[bob.id])
    notice, alert = announces(org.admin, site), alerts(org.admin, site)
    things = {"message": message, "mention": mention, "announcement": notice, "alert": alert}
    for why, thing in things.items():
        assert told(org, thing) == ({("Bob", why)} if why in LEVELS[level] else set()), why


def test_who_muted_a_scope_hears_of_alerts_alone_and_then_of_all_again(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    changes(bob, site, muted_until=clock.now() + timedelta(hours=1))
    assert told(org, org.admin.posts(site, "Bob!", mentions=[bob.id])) == set()
    assert told(org, announces(org.admin, site)) == set()
    assert told(org, alerts(org.admin, site)) == {("Bob", "alert")}
    changes(bob, site, muted_until=clock.now() - timedelta(seconds=1))
    assert told(org, org.admin.posts(site, "hello")) == {("Bob", "message")}


def test_the_rule_in_words_is_the_rule_in_the_statement() -> None:
    now = clock.now()
    assert not is_told("all", now + timedelta(hours=1), "mention", now)
    assert is_told("nothing", now + timedelta(hours=1), "alert", now)
    assert is_told("nothing", None, "muster", now)
    assert all(why in PRIORITIES for through in LEVELS.values() for why in through)


def test_an_announcement_to_the_organisation_reaches_everyone_but_visitors(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    screen = marker(org, org.zone(site), "rotating", admits_visitors_hours=8)
    gets_address(comes_as_visitor(org, code(org, screen)))
    assert told(org, announces(org.admin, str(org.id))) == {("Bob", "announcement")}
    assert told(org, announces(org.admin, site)) == {("Bob", "announcement"), ("Vera", "announcement")}


def test_a_setting_for_the_organisation_counts_there_too(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    org.admin.put(f"/v1/admin/scopes/{org.id}/memberships/{bob.id}", {"role": "member"})
    changes(bob, str(org.id), level="announcements")
    assert told(org, org.admin.posts(str(org.id), "hello")) == set()
    assert told(org, announces(org.admin, str(org.id))) == {("Bob", "announcement")}


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
    before = new_id()
    scans(bob, code(org, marker(org, site)))
    with org.world.worker.transaction() as session:
        (one,) = [who for who in audience(session, UUID(site), org.id) if str(who.person_id) == bob.id]
    assert before < one.since_id < new_id()


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


def test_who_was_connected_just_now_has_a_moment_to_see_it_live(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, mina = reachable(org, "Bob", site), reachable(org, "Mina", site)
    set_device(bob, last_seen_at=clock.now() - timedelta(seconds=91))
    post = org.admin.posts(site, "hello")
    plans(org.world)
    due = {str(row.person_id): row.due_at for row in rows(org, post)}
    assert timedelta(seconds=1.9) < due[mina.id] - due[bob.id] <= timedelta(seconds=2)


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


def test_a_notice_lasts_as_long_as_it_is_valid(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    until = clock.now() + timedelta(hours=3)
    notice = announces(org.admin, site, valid_until=clock.wire(until))
    plans(org.world)
    (row,) = rows(org, notice)
    assert abs(row.expires_at - until) < timedelta(seconds=1)


def test_an_edit_wakes_nobody_again(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "helo")
    sent(org, post)
    org.admin.patch(f"/v1/posts/{post['id']}", {"text": "hello"})
    plans(org.world)
    assert [row.status for row in rows(org, post)] == ["sent"]


def test_a_deleted_post_is_withdrawn_and_its_words_are_gone(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "the code is 4711")
    sent(org, post)
    org.admin.delete(f"/v1/posts/{post['id']}")
    assert told(org, post, "withdraw") == {("Bob", "message")}
    (note,) = notifications(org, post)
    assert note.facts == {"type": "post.created", "post_id": post["id"]}


def test_a_deleted_post_that_was_not_sent_yet_never_is(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "oops")
    plans(org.world)
    org.admin.delete(f"/v1/posts/{post['id']}")
    assert told(org, post, "withdraw") == set()
    assert told(org, post, status="dropped") == {("Bob", "message")}


def test_the_same_event_twice_is_told_once(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "hello")
    plans(org.world)
    with org.world.worker.transaction() as session:
        session.execute(text("UPDATE journal_cursors SET seq = seq - 1 WHERE reader = 'push'"))
    assert plans(org.world) == 1
    assert len(rows(org, post)) == 1


def test_a_worker_that_dies_in_between_leaves_neither_half(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "hello")
    org.world.relays()
    with pytest.raises(KeyboardInterrupt), org.world.worker.transaction() as session:
        assert plan(session).read > 0
        raise KeyboardInterrupt
    assert (rows(org, post), notifications(org, post)) == ([], [])
    assert told(org, post) == {("Bob", "message")}


def test_two_workers_do_not_plan_at_once(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "hello")
    org.world.relays()
    with org.world.worker.transaction() as one, org.world.worker.transaction() as other:
        assert plan(one).read > 0
        assert plan(other).read == 0
    assert len(rows(org, post)) == 1


def test_nobody_who_posts_waits_for_a_planner_that_is_at_it(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    org.admin.posts(site, "hello")
    org.world.relays()
    with org.world.worker.transaction() as session:
        assert plan(session).read > 0
        bob.posts(site, "and meanwhile?")
        org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
        session.execute(select(Post.id).limit(1))


def test_an_event_that_cannot_be_planned_does_not_stand_before_the_others(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    with org.world.worker.transaction() as session:
        append(session, org.id, Event(POST_CREATED, uuid4(), {"id": "broken"}, scope_id=org.id))
    post = org.admin.posts(site, "hello")
    assert told(org, post) == {("Bob", "message")}


def test_nobody_without_a_phone_is_queued_for(org: Organisation) -> None:
    org.person("Bob")
    org.admin.posts(str(org.id), "hello")
    plans(org.world)
    assert count(org) == 0


def test_what_the_database_refuses_again_and_again_is_written_down_and_left_behind(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    world = org.world
    plans(world)
    refused = org.admin.posts(site, "nobody hears of this")
    world.relays()
    with world.owner() as other, world.worker.transaction() as session:
        other.execute(text("LOCK TABLE deliveries IN EXCLUSIVE MODE"))
        session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        assert plan(session).read > 0
    (note,) = notifications(org, refused)
    assert (note.kind, note.facts["type"]) == ("unplanned", "post.created")
    assert "text" not in note.facts
    post = org.admin.posts(site, "hello")
    assert told(org, post) == {("Bob", "message")}
    assert told(org, refused) == set()


def test_a_planner_whose_database_goes_gives_nothing_up(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    world = org.world
    plans(world)
    post = org.admin.posts(site, "hello")
    world.relays()
    with world.owner() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text("LOCK TABLE deliveries IN EXCLUSIVE MODE"))
        planning = pool.submit(plans, world)
        with world.worker.transaction() as session:
            waiting = text(
                "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE NOT granted AND datname = current_database() AND relation = CAST('deliveries' AS regclass)"
            )
            while not planning.done() and session.scalar(waiting) is None:
                pass
        assert isinstance(planning.exception(timeout=30), SQLAlchemyError)
    assert told(org, post) == {("Bob", "message")}
