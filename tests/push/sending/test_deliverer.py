"""What is checked again at the moment of sending, against the real tables, the real transport and the stand-in."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select, text

from base import clock, ids
from journal.models import SubjectPosition
from people.audience import audience, followers_among
from push.fcm.client import FcmSender
from push.models import Delivery, Notification, PushPreferences
from push.reports import retention
from push.sending import tokens
from push.sending.deliverer import Deliverer
from push.sending.recorder import Recorder
from social.models import Post as SocialPost
from social.unread import COUNTED, badges
from tests.product import Product
from tests.stories.passwords import NEW, changes_password
from tests.stories.pushes import reachable_at
from tests.world import PASSWORD, Organisation, Phone, World

Told = list[UUID]


class Post:
    """The sending side of one worker, driven by hand."""

    def __init__(self, world: World, product: Product) -> None:
        self.world, self.product = world, product
        self.sender = FcmSender(product.folder / "credentials.json", None, product.standin, timeout_s=5)

    def tells(self, post: dict[str, Any], *phones: Phone, why: str = "message", **changed: Any) -> Told:
        """Queue a post for phones, as the planner does when the journal has told of it."""
        self.world.relays()
        org, note, now = phones[0].organisation, ids.new_id(), clock.now()
        facts = {"type": "post.created", "post_id": post["id"], "author_name": "Ada", "text": "hello"}
        facts |= {"scope_name": "Depot", "scope_kind": "site"}
        common = {"organisation_id": org.id, "expires_at": now + timedelta(hours=1)}
        rows = [
            Delivery(
                id=ids.new_id(),
                notification_id=note,
                person_id=UUID(phone.id),
                device_id=UUID(phone.get("/v1/me")["device"]["id"]),
                **{"why": why, "priority": 3, "due_at": now, **common, **changed},
            )
            for phone in phones
        ]
        scope, subject = UUID(post["scope_id"]), UUID(post["id"])
        with self.world.worker.transaction() as session:
            session.add(
                Notification(id=note, kind=why, scope_id=scope, subject_id=subject, facts=facts, **common)
            )
            session.flush()
            session.add_all(rows)
        return [row.id for row in rows]

    def works(self) -> None:
        """Send what is due, and record it."""
        recorder = Recorder(self.world.worker)
        deliverer = Deliverer(self.world.worker, self.sender, recorder, self.world.keys)
        while deliverer.work(lambda: None) == 0.0:
            pass
        recorder.close()
        recorder.run()

    def outcome(self, told: Told) -> list[tuple[str, str | None]]:
        """Status and reason of each delivery, once what is due was sent."""
        self.works()
        with self.world.worker.transaction() as session:
            rows = {row.id: row for row in session.scalars(select(Delivery).where(Delivery.id.in_(told)))}
        return [(rows[one].status, rows[one].reason) for one in told]


@pytest.fixture
def post(fresh_world: World, product: Product) -> Iterator[Post]:
    made = Post(fresh_world, product)
    yield made
    made.sender.close()


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return fresh_world.organisation()


def test_a_member_is_told_and_one_who_left_or_signed_out_is_not(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    (bob, bobs), (carol, carols), (dave, daves) = (
        reachable_at(org, n, site) for n in ("Bob", "Carol", "Dave")
    )
    told = post.tells(org.admin.posts(site, "hello"), bob, carol, dave)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{carol.id}")
    dave.delete("/v1/sessions/current")
    outcome = post.outcome(told)
    assert outcome == [("sent", None), ("dropped", "no_longer_a_member"), ("dropped", "signed_out")]
    assert len(post.product.pushed(bobs)) == 1
    assert post.product.pushed(carols, wait_s=0) == post.product.pushed(daves, wait_s=0) == []


def test_a_phone_that_a_new_password_signed_out_is_not_told(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    bob, bobs = reachable_at(org, "Bob", site)
    told = post.tells(org.admin.posts(site, "hello"), bob)
    changes_password(org.signs_in("bob@example.com", "Bob"), PASSWORD, NEW)
    assert post.outcome(told) == [("dropped", "signed_out")]
    assert post.product.pushed(bobs, wait_s=0) == []


def test_what_was_read_meanwhile_or_deleted_is_not_told(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    bob, _ = reachable_at(org, "Bob", site)
    first, second = org.admin.posts(site, "one"), org.admin.posts(site, "two")
    told = post.tells(first, bob) + post.tells(second, bob)
    bob.put(f"/v1/scopes/{site}/read", {"post_id": first["id"]})
    org.admin.delete(f"/v1/posts/{second['id']}")
    assert post.outcome(told) == [("dropped", "read"), ("dropped", "deleted")]


def test_a_device_that_changed_hands_never_gets_the_former_persons(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    (bob, _), (eve, _) = reachable_at(org, "Bob", site), reachable_at(org, "Eve")
    told = post.tells(org.admin.posts(site, "secret"), bob)
    with post.world.worker.transaction() as session:
        session.execute(
            text("UPDATE devices SET person_id = :eve WHERE person_id = :bob"), {"eve": eve.id, "bob": bob.id}
        )
    assert post.outcome(told) == [("dropped", "device_changed_hands")]


def test_an_invalid_argument_removes_the_address_only_where_it_is_at_fault(
    org: Organisation, post: Post
) -> None:
    site = org.site(admission="assigned")
    (bob, bobs), (carol, carols) = reachable_at(org, "Bob", site), reachable_at(org, "Carol", site)
    refusal = {"status": 400, "error_code": "INVALID_ARGUMENT"}
    post.product.behave(**{bobs: refusal, carols: {**refusal, "times": 1}})
    outcome = post.outcome(post.tells(org.admin.posts(site, "hello"), bob, carol))
    assert outcome[0] == ("failed", "invalid_address")
    assert outcome[1][0] == "dead"
    assert bob.get("/v1/me")["device"]["push"]["registered"] is False
    assert carol.get("/v1/me")["device"]["push"]["registered"] is True


def test_a_sender_mismatch_removes_the_address(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    bob, bobs = reachable_at(org, "Bob", site)
    post.product.behave(**{bobs: {"status": 403, "error_code": "SENDER_ID_MISMATCH"}})
    assert post.outcome(post.tells(org.admin.posts(site, "hello"), bob)) == [("failed", "sender_mismatch")]
    assert bob.get("/v1/me")["device"]["push"]["registered"] is False


def test_what_fcm_cannot_take_before_its_time_is_over_is_given_up(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    bob, bobs = reachable_at(org, "Bob", site)
    post.product.behave(**{bobs: {"status": 503, "error_code": "UNAVAILABLE", "retry_after": 60}})
    soon = clock.now() + timedelta(seconds=30)
    told = post.tells(org.admin.posts(site, "hello"), bob, expires_at=soon)
    assert post.outcome(told)[0][0] == "expired"


def test_a_wait_without_end_ends_with_the_message(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    bob, bobs = reachable_at(org, "Bob", site)
    post.product.behave(**{bobs: {"status": 503, "error_code": "UNAVAILABLE", "retry_after": 10**12}})
    assert post.outcome(post.tells(org.admin.posts(site, "hello"), bob)) == [("expired", "unavailable")]


def test_one_that_cannot_be_checked_is_dead_and_stops_no_other(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    (bob, _), (carol, _) = reachable_at(org, "Bob", site), reachable_at(org, "Carol", site)
    made = org.admin.posts(site, "hello")
    bad, good = post.tells(made, bob), post.tells(made, bob, carol)
    with post.world.worker.transaction() as session:
        note = session.get_one(Delivery, bad[0]).notification_id
        session.execute(text("UPDATE notifications SET facts = '[]' WHERE id = :id"), {"id": note})
    assert post.outcome(bad + good) == [("dead", "not_checked"), ("sent", None), ("sent", None)]


@pytest.mark.parametrize("column", ["quiet_hours", "working_hours"])
@pytest.mark.parametrize("hours", ["[1]", '{"weekly": 1}', '{"weekly": [{"days": 1}]}', "7"])
def test_hours_that_nobody_can_read_are_none(org: Organisation, post: Post, column: str, hours: str) -> None:
    site = org.site(admission="assigned")
    bob, _ = reachable_at(org, "Bob", site)
    bob.patch("/v1/me/push-preferences", {"off_site": "loud"})
    with post.world.worker.transaction() as session:
        wishes = session.get_one(PushPreferences, UUID(bob.id))
        setattr(wishes, column, orjson.loads(hours))
    assert post.outcome(post.tells(org.admin.posts(site, "hello"), bob)) == [("sent", None)]


def test_a_phone_that_tells_where_it_is_is_quiet_off_site(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    (away, _), (unknown, _) = reachable_at(org, "Away", site), reachable_at(org, "Unknown", site)
    with post.world.worker.transaction() as session:
        session.execute(
            text(
                "INSERT INTO visits (id, organisation_id, person_id, place_id, source, entered_at, left_at)"
                " VALUES (gen_random_uuid(), :org, :person, :place, 'gps', now() - interval '2 days',"
                " now() - interval '1 day')"
            ),
            {"org": org.id, "person": away.id, "place": site},
        )
    made = org.admin.posts(site, "hello")
    assert post.outcome(post.tells(made, away, unknown)) == [("dropped", "off_site"), ("sent", None)]
    assert post.outcome(post.tells(made, away, why="alert", priority=0)) == [("sent", None)]


def test_the_badge_counts_what_each_has_not_read(org: Organisation, fresh_world: World) -> None:
    site, other = org.site(admission="assigned"), org.site("Other", admission="assigned")
    bob, carol = org.person("Bob", scopes=[site, other]), org.person("Carol", scopes=[site])
    posts = [org.admin.posts(site, "one"), org.admin.posts(site, "two")]
    org.admin.posts(other, "three")
    carol.put(f"/v1/scopes/{site}/read", {"post_id": posts[0]["id"]})
    with fresh_world.worker.transaction() as session:
        counted = badges(session, [UUID(bob.id), UUID(carol.id)])
    assert counted == {UUID(bob.id): 3, UUID(carol.id): 1}


def test_a_badge_is_full_over_all_scopes_together(org: Organisation, fresh_world: World) -> None:
    sites = [org.site(name, admission="assigned") for name in ("One", "Two")]
    bob = org.person("Bob", scopes=sites)
    fresh_world.relays()
    with fresh_world.worker.transaction() as session:
        for site in sites:
            said = {"organisation_id": org.id, "scope_id": UUID(site), "author_id": UUID(org.admin.id)}
            posts = [SocialPost(id=ids.new_id(), text="one", **said) for _ in range(COUNTED - 20)]
            there = {"organisation_id": org.id, "scope_id": UUID(site), "position": 1_000}
            session.add_all([*posts, *(SubjectPosition(subject_id=post.id, **there) for post in posts)])
        session.flush()
        assert badges(session, [UUID(bob.id)]) == {UUID(bob.id): COUNTED}


def test_many_are_asked_about_as_one_is(org: Organisation, fresh_world: World) -> None:
    site, open_site = org.site(admission="assigned"), org.site("Open", admission="open")
    people = [
        org.person("Bob", scopes=[site]),
        org.person("Carol"),
        org.person("Vera", scopes=[site]),
    ]
    other = fresh_world.organisation()
    stranger = other.person("Eve")
    persons = [UUID(one.id) for one in (*people, stranger)]
    scopes = [UUID(site), UUID(open_site), org.id]
    with fresh_world.worker.transaction() as session:
        session.execute(text("UPDATE persons SET role = 'visitor' WHERE id = :id"), {"id": people[2].id})
        found = followers_among(session, [(scope, person) for scope in scopes for person in persons])
        for scope in scopes:
            alone = {one.person_id: one for one in audience(session, scope, org.id, among=persons)}
            assert {person: one for (of, person), one in found.items() if of == scope} == alone


def test_old_things_are_forgotten_and_young_ones_are_not(org: Organisation, post: Post) -> None:
    site = org.site(admission="assigned")
    bob, _ = reachable_at(org, "Bob", site)
    made = org.admin.posts(site, "hello")
    old, young = post.tells(made, bob), post.tells(made, bob)
    with post.world.worker.transaction() as session:
        note = session.get_one(Delivery, old[0]).notification_id
        past = {"at": clock.now() - timedelta(days=31)}
        session.execute(text("UPDATE deliveries SET created_at = :at WHERE id = :id"), past | {"id": old[0]})
        session.execute(text("UPDATE notifications SET created_at = :at WHERE id = :id"), past | {"id": note})
        assert retention.forget_old_deliveries(session) == 0, "it may still be told"
        for table in ("deliveries", "notifications"):
            session.execute(text(f"UPDATE {table} SET expires_at = :at WHERE created_at = :at"), past)  # noqa: S608
        assert retention.forget_old_notifications(session) == 0
        assert retention.forget_old_deliveries(session) == 1
        assert retention.forget_old_notifications(session) == 1
        assert session.get(Delivery, young[0]) is not None


def test_addresses_of_phones_that_were_silent_for_long_are_forgotten(org: Organisation, post: Post) -> None:
    (bob, _), (carol, _) = reachable_at(org, "Bob"), reachable_at(org, "Carol")
    with post.world.worker.transaction() as session:
        for phone, days in ((bob, 271), (carol, 269)):
            values = {"at": clock.now() - timedelta(days=days), "person": phone.id}
            session.execute(text("UPDATE devices SET last_seen_at = :at WHERE person_id = :person"), values)
        assert tokens.forget_silent_addresses(session) == 1
    assert bob.get("/v1/me")["device"]["push"]["registered"] is False
    assert carol.get("/v1/me")["device"]["push"]["registered"] is True
