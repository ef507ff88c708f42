"""Who is told of a post and what for, and who is not."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from base import clock
from people.models import Membership
from push.rules import LEVELS, PRIORITIES, is_told
from tests.stories.checkins import code, marker
from tests.stories.notices import alerts, announces
from tests.stories.pushes import (
    gets_address,
    notifications,
    plans,
    reachable,
    rows,
    sent,
    set_device,
    told,
)
from tests.stories.visitors import comes_as_visitor
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


def test_who_was_connected_just_now_has_a_moment_to_see_it_live(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, mina = reachable(org, "Bob", site), reachable(org, "Mina", site)
    set_device(bob, last_seen_at=clock.now() - timedelta(seconds=91))
    post = org.admin.posts(site, "hello")
    plans(org.world)
    due = {str(row.person_id): row.due_at for row in rows(org, post)}
    assert timedelta(seconds=1.9) < due[mina.id] - due[bob.id] <= timedelta(seconds=2)


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
