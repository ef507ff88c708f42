"""An alert asks the silent again, a few times, and then tells the managers; nobody else hears of it."""

import pytest

from social.notices import end_expired_notices
from social.reminding import ROUNDS, remind_the_silent
from tests.stories.acknowledgements import acknowledges
from tests.stories.events import heard
from tests.stories.notices import alerts, announces, time_passes
from tests.stories.reminding import BETWEEN_ROUNDS, one_round, round_of, rounds
from tests.stories.scopes import manager
from tests.stories.times import ahead
from tests.stories.visits import is_seen
from tests.world import Organisation, World


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return fresh_world.organisation()


def test_the_silent_are_asked_again_and_at_last_the_managers_hear(org: Organisation) -> None:
    world, site = org.world, org.site(admission="assigned")
    hanna = manager(org, "Hanna", site)
    bob, mina = (org.person(name, scopes=[site]) for name in ("Bob", "Mina"))
    alert = alerts(hanna, site)
    acknowledges(bob, alert)
    assert rounds(world) == 0, "not before five minutes"
    assert [round_of(world, alert) for _ in range(ROUNDS)] == [1] * ROUNDS
    reminders = heard(mina, "alert.reminded")
    assert [reminder["round"] for reminder in reminders] == [1, 2, 3, 4, 5, 6]
    assert reminders[0]["of"] == ROUNDS
    assert reminders[0]["post"]["text"] == "Gas leak"
    assert heard(hanna, "alert.unanswered") == []
    assert round_of(world, alert) == 1
    assert round_of(world, alert) == 0
    [unanswered] = heard(hanna, "alert.unanswered")
    assert unanswered == {"post_id": alert["id"], "scope_id": site, "silent_count": 1}, "no names"
    assert len(heard(mina, "alert.reminded")) == ROUNDS
    for phone in (bob, mina, org.admin):
        assert heard(phone, "alert.unanswered") == []


def test_the_sites_managers_hear_for_a_zone_and_administrators_where_nobody_manages(
    org: Organisation,
) -> None:
    site, alone = org.site(), org.site("Alone", admission="open")
    zone, hanna = org.zone(site, admission="open"), manager(org, "Hanna", site)
    org.person("Bob", scopes=[zone, alone])
    for scope in (zone, alone):
        alert = alerts(org.admin, scope)
        assert [round_of(org.world, alert) for _ in range(ROUNDS + 1)] == [1] * (ROUNDS + 1)
    assert [data["scope_id"] for data in heard(hanna, "alert.unanswered")] == [zone]
    assert [data["scope_id"] for data in heard(org.admin, "alert.unanswered")] == [alone]


def test_nobody_is_asked_when_nobody_is_silent(org: Organisation) -> None:
    bob = org.person("Bob")
    alert = alerts(org.admin, str(org.id))
    assert round_of(org.world, alert) == 1
    acknowledges(bob, alert)
    for _ in range(ROUNDS):
        round_of(org.world, alert)
    assert [data["round"] for data in heard(bob, "alert.reminded")] == [1]
    assert heard(org.admin, "alert.unanswered") == []


def test_what_is_over_asks_nobody(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    ended, deleted, expired = (alerts(org.admin, scope, text) for text in ("ended", "deleted", "expired"))
    quiet = alerts(org.admin, scope, asks_acknowledgement=False)
    announcement = announces(org.admin, scope, asks_acknowledgement=True)
    org.admin.post(f"/v1/admin/posts/{ended['id']}/end")
    org.admin.delete(f"/v1/posts/{deleted['id']}")
    time_passes(org.world, expired, hours=25)
    for post in (ended, deleted, quiet, announcement):
        time_passes(org.world, post, **BETWEEN_ROUNDS)
    assert rounds(org.world) == 0
    assert heard(bob, "alert.reminded") == []


def test_two_workers_and_a_killed_one_do_each_round_once(org: Organisation) -> None:
    world, bob = org.world, org.person("Bob")
    alert = alerts(org.admin, str(org.id))
    time_passes(world, alert, **BETWEEN_ROUNDS)
    with pytest.raises(KeyboardInterrupt), world.worker.transaction() as killed:
        assert remind_the_silent(killed) == 1
        raise KeyboardInterrupt
    with world.worker.transaction() as one, world.worker.transaction() as other:
        assert (remind_the_silent(one), remind_the_silent(other)) == (1, 0)
    assert rounds(world) == 0
    assert [data["round"] for data in heard(bob, "alert.reminded")] == [1]


def test_who_came_later_does_not_get_the_words_of_before(org: Organisation) -> None:
    site = org.site(admission="present", history="since_entry")
    bob, mina = org.person("Bob"), org.person("Mina")
    is_seen(org, mina, site)
    before = alerts(org.admin, site, "before")
    is_seen(org, bob, site)
    assert round_of(org.world, before) == 1
    assert heard(bob, "alert.reminded") == []
    acknowledges(mina, before)
    assert round_of(org.world, before) == 1
    assert [data["round"] for data in heard(mina, "alert.reminded")] == [1], "Bob owes no word"
    since = alerts(org.admin, site, "since")
    assert round_of(org.world, since) == 1
    assert [data["post"]["text"] for data in heard(bob, "alert.reminded")] == ["since"]


def test_who_left_and_strangers_hear_nothing(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, mina, eve = org.person("Bob", scopes=[site]), org.person("Mina", scopes=[site]), org.person("Eve")
    alert = alerts(org.admin, site)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert round_of(org.world, alert) == 1
    assert len(heard(mina, "alert.reminded")) == 1
    for phone in (bob, eve, org.world.organisation().admin):
        assert heard(phone, "alert.reminded") == []


def test_so_few_who_are_there_are_not_told_as_a_number(org: Organisation) -> None:
    site, bob = org.site(admission="present"), org.person("Bob")
    charter = {"purpose": "To know how many are there.", "aggregate_only": True}
    org.admin.put(f"/v1/admin/sites/{site}/charter", charter)
    is_seen(org, bob, site)
    alert = alerts(org.admin, site)
    for _ in range(ROUNDS + 1):
        round_of(org.world, alert)
    [unanswered] = heard(org.admin, "alert.unanswered")
    assert unanswered["silent_count"] is None


def ends(world: World) -> int:
    with world.worker.transaction() as session:
        return end_expired_notices(session)


def test_an_alert_that_was_over_before_all_had_answered_is_told_once(org: Organisation) -> None:
    world, site = org.world, org.site(admission="assigned")
    hanna, bob = manager(org, "Hanna", site), org.person("Bob", scopes=[site])
    short, answered = alerts(hanna, site, "short"), alerts(hanna, site, "answered")
    acknowledges(bob, answered)
    quiet, notice = (
        alerts(hanna, site, asks_acknowledgement=False),
        announces(hanna, site, asks_acknowledgement=True, valid_until=ahead(hours=1)),
    )
    cleared = alerts(hanna, site, "all clear")
    org.admin.post(f"/v1/admin/posts/{cleared['id']}/end")
    nagged = alerts(hanna, site, "nagged")
    for _ in range(ROUNDS + 1):
        round_of(world, nagged)
    for post in (short, answered, quiet, notice, nagged):
        time_passes(world, post, hours=25)
    assert (ends(world), ends(world), rounds(world)) == (5, 0, 0)
    assert [data["post_id"] for data in heard(hanna, "alert.unanswered")] == [nagged["id"], short["id"]]
    assert heard(bob, "alert.unanswered") == []


def test_each_alert_has_its_round_in_a_transaction_of_its_own(org: Organisation) -> None:
    org.person("Bob")
    for text in ("one", "two"):
        time_passes(org.world, alerts(org.admin, str(org.id), text), **BETWEEN_ROUNDS)
    assert [one_round(org.world) for _ in range(3)] == [1, 1, 0]
