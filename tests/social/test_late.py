"""What was written in a place by a phone that had no network until its holder had left."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from geo.models.stays import Visit
from tests.stories.acknowledgements import acknowledges
from tests.stories.checkins import code, marker
from tests.stories.musters import board, calls
from tests.stories.notices import alerts, time_passes
from tests.stories.phone_queue import queued, sends, statuses
from tests.stories.regions import tells_later, word
from tests.stories.stays import stood_there, was_there
from tests.stories.times import ago
from tests.stories.visitors import comes_as_visitor
from tests.stories.visits import ages, is_seen, places
from tests.world import Organisation, Phone, World


def writes(
    phone: Phone, scope: str, hours: float = 2, n: int = 1, **members: object
) -> tuple[int, str | None]:
    """Hand in what was written so many hours ago; returns the status, and the code of a refusal."""
    item = queued("post", f"client-{n:02}", ago(hours=hours), scope_id=scope, text=f"words {n}", **members)
    [result] = sends(phone, item)
    return result["status"], None if result["problem"] is None else result["problem"]["code"]


TAKEN, NOT_SEEN = (201, None), (403, "not_seen_there")


def test_a_stay_and_its_words_that_come_when_both_are_over(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    since = bob.get("/v1/me")["position"]
    assert writes(bob, site) == NOT_SEEN
    was_there(bob, site)
    assert writes(bob, site) == TAKEN
    assert org.admin.reads(site) == ["words 1"]
    # To have been there opens nothing now: neither what was said, nor what is said.
    bob.get(f"/v1/scopes/{site}/posts", 403)
    bob.posts(site, "and now", 403)
    assert bob.get("/v1/me")["memberships"] == []
    told = [event["type"] for event in bob.syncs(since)]
    assert "post.created" not in told
    assert told.count("membership.started") == told.count("membership.ended") <= 1


def test_the_same_by_fixes(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    stood_there(bob)
    assert places(bob) == {}
    assert writes(bob, site) == TAKEN


def test_what_was_written_before_or_after_the_stay_and_its_grace_is_refused(org: Organisation) -> None:
    site, bob = org.site(grace_seconds=900), org.person("Bob")
    was_there(bob, site, came=3, left=1)
    for n, (hours, verdict) in enumerate(
        [(3.01, NOT_SEEN), (2.99, TAKEN), (1.01, TAKEN), (0.8, TAKEN), (0.7, NOT_SEEN)]
    ):
        assert writes(bob, site, hours, n) == verdict, hours


def test_the_beginning_of_a_stay_that_was_heard_of_in_its_middle(org: Organisation) -> None:
    site, bob = org.site(grace_seconds=0), org.person("Bob")
    tells_later(bob, word("enter", site, ago(hours=3)))
    bob.posts(site, "the network is back")
    tells_later(bob, word("exit", site, ago(minutes=1)))
    assert writes(bob, site, 2) == TAKEN


def test_nobody_elses_stay_and_no_other_place_counts(org: Organisation) -> None:
    site, other = org.site(), org.site("Other", at=(127.1, 37.5))
    bob, eve = org.person("Bob"), org.person("Eve")
    was_there(bob, site)
    assert writes(eve, site) == NOT_SEEN
    assert writes(bob, other) == NOT_SEEN


def test_a_zone_and_its_site_are_two_stays(org: Organisation) -> None:
    site = org.site()
    hall, room = org.zone(site, "Hall"), org.zone(site, "Room")
    bob = org.person("Bob")
    was_there(bob, hall, judged_by="device")
    assert [writes(bob, place, n=n) for n, place in enumerate((site, hall, room))] == [TAKEN, TAKEN, NOT_SEEN]


@pytest.mark.parametrize("admission", ["assigned", "open"])
def test_a_stay_opens_no_scope_that_asks_for_more(org: Organisation, admission: str) -> None:
    site, bob = org.site(admission="present"), org.person("Bob")
    was_there(bob, site)
    change = {"type": "Feature", "properties": {"admission": admission}}
    org.admin.patch(f"/v1/admin/sites/{site}", change, If_Match='"1"')
    assert writes(bob, site) == ((404, "not_found") if admission == "assigned" else (403, "not_a_member"))


def test_a_place_that_was_archived_takes_no_words_any_more(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    was_there(bob, site)
    org.admin.delete(f"/v1/admin/sites/{site}", If_Match='"1"')
    assert writes(bob, site) == (404, "not_found")


def test_a_doubtful_stay_counts_as_little_afterwards_as_at_the_time(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    stood_there(bob, mock=True)
    assert writes(bob, site) == NOT_SEEN


def test_a_place_asks_for_the_same_evidence_afterwards(org: Organisation) -> None:
    site = org.site(posting_grade=2, grace_seconds=0)
    door = code(org, marker(org, site))
    bob, eve = org.person("Bob"), org.person("Eve")
    for phone in (bob, eve):
        was_there(phone, site, came=3, left=2.9)
    assert writes(eve, site, 2.95) == (403, "evidence_too_weak")
    sends(
        bob,
        queued("check_in", "client-in", ago(hours=2), scanned="code", code=door),
        queued("check_out", "client-out", ago(hours=1), place_id=site),
    )
    assert writes(bob, site, 1.5, 1) == TAKEN
    assert writes(bob, site, 2.95, 2) == (403, "evidence_too_weak")


def test_words_of_a_scanned_stay_come_while_only_weaker_evidence_is_left(org: Organisation) -> None:
    site = org.site(posting_grade=2)
    door = code(org, marker(org, site))
    bob = org.person("Bob", scopes=[site])
    sends(
        bob,
        queued("check_in", "client-in", ago(hours=2), scanned="code", code=door),
        queued("check_out", "client-out", ago(hours=1), place_id=site),
    )
    bob.posts(site, "from home", 403)
    assert writes(bob, site, 1.5) == TAKEN  # a member's, who is not there any more


def test_a_stay_that_would_not_have_let_one_in_lets_no_words_in(org: Organisation) -> None:
    site, bob = org.site(presence_grade=2), org.person("Bob")
    was_there(bob, site)
    assert writes(bob, site) == NOT_SEEN


def test_a_stay_that_was_forgotten_or_is_too_long_ago_is_none(org: Organisation, world: World) -> None:
    site, bob = org.site(), org.person("Bob")
    was_there(bob, site)
    [old] = sends(bob, queued("post", "client-01", ago(hours=25), scope_id=site, text="of yesterday"))
    assert old["problem"]["code"] == "not_a_member"
    with world.worker.transaction() as session:
        session.execute(delete(Visit).where(Visit.place_id == site))
    assert writes(bob, site) == NOT_SEEN


def test_a_phone_with_a_wrong_clock_is_set_right(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    was_there(bob, site)
    written = queued("post", "client-01", ago(days=365, hours=2), scope_id=site, text="of last year")
    assert statuses(sends(bob, written, clock=ago(days=365))) == [201]
    lied = queued("post", "client-02", ago(hours=2), scope_id=site, text="two hours before I came")
    assert statuses(sends(bob, lied, clock=ago(hours=-2))) == [403]


def test_a_refusal_says_until_when_to_try_and_the_same_item_is_taken_then(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    item = queued("post", "client-01", ago(hours=2), scope_id=site, text="first the words")
    [early] = sends(bob, item)
    assert early["problem"]["code"] == "not_seen_there"
    assert ago(hours=-21.9) < early["problem"]["retry_until"] < ago(hours=-22.1)
    was_there(bob, site)
    first, again = (sends(bob, item)[0] for _ in range(2))
    assert (first["status"], first["repeated"], again["repeated"]) == (201, False, True)
    assert first["body"] == again["body"]
    assert org.admin.reads(site) == ["first the words"]


def test_edits_and_deletions_come_with_the_words_that_they_are_of(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    was_there(bob, site)
    results = sends(
        bob,
        queued("post", "client-01", ago(hours=2), scope_id=site, text="Pump 3"),
        queued("edit", "client-02", ago(hours=1.9), post_client_id="client-01", text="Pump 4"),
        queued("post", "client-03", ago(hours=1.8), scope_id=site, text="regretted"),
        queued("deletion", "client-04", ago(hours=1.7), post_client_id="client-03"),
        queued("post", "client-05", ago(hours=1.6), scope_id=site, text="more", parent_client_id="client-01"),
    )
    assert statuses(results) == [201, 200, 201, 204, 201]
    assert org.admin.reads(site) == ["more", None, "Pump 4"]
    later = queued("edit", "client-06", ago(minutes=5), post_client_id="client-01", text="from home")
    assert sends(bob, later)[0]["problem"]["code"] == "not_seen_there"


def test_who_was_there_answers_what_was_said_by_then_and_nothing_later(
    org: Organisation, world: World
) -> None:
    site, bob = org.site(), org.person("Bob")
    asked, later = org.admin.posts(site, "Who is there?"), org.admin.posts(site, "Still?")
    time_passes(world, asked, hours=2.5)
    was_there(bob, site)
    assert writes(bob, site, n=1, parent_id=asked["id"]) == TAKEN
    assert writes(bob, site, n=2, parent_id=later["id"]) == (422, "parent_not_found")
    of_others = queued("deletion", "client-03", ago(hours=2), post_id=asked["id"])
    assert sends(bob, of_others)[0]["problem"]["code"] == "not_the_author"
    reads = [
        queued("read", f"client-1{n}", ago(hours=2), scope_id=site, post_id=post["id"])
        for n, post in enumerate((later, asked))
    ]
    assert statuses(sends(bob, *reads)) == [404, 200]


def test_who_was_there_acknowledges_what_was_raised_by_then(org: Organisation, world: World) -> None:
    site, bob = org.site(), org.person("Bob")
    alert, later = alerts(org.admin, site), alerts(org.admin, site, "Fire")
    time_passes(world, alert, hours=2.5)
    was_there(bob, site)
    words = [
        queued("acknowledgement", f"client-0{n}", ago(hours=2), post_id=post["id"])
        for n, post in enumerate((alert, later))
    ]
    assert statuses(sends(bob, *words)) == [200, 404]
    assert acknowledges(bob, alert)["post_id"] == alert["id"]


def test_who_was_there_when_the_roll_was_called_answers_it_though_nobody_knew(
    org: Organisation, world: World
) -> None:
    site, bob = org.site(), org.person("Bob")
    muster = calls(org.admin, site)
    with world.owner() as connection:
        connection.exec_driver_sql(
            "UPDATE musters SET started_at = started_at - interval '2 hours' WHERE id = %(id)s",
            {"id": muster},
        )

    def answers(client_id: str, hours: float) -> str:
        at = ago(hours=hours)
        [result] = sends(bob, queued("muster_answer", client_id, at, muster_id=muster, status="need_help"))
        return "taken" if result["problem"] is None else result["problem"]["code"]

    assert answers("client-01", 1.5) == "not_seen_there"
    was_there(bob, site, came=3, left=1)
    assert "Bob" not in board(org.admin, muster)
    assert answers("client-02", 2.5) == "not_a_member"  # before it was called
    assert answers("client-03", 0.5) == "not_seen_there"
    assert answers("client-04", 1.5) == "taken"
    assert board(org.admin, muster)["Bob"]["status"] == "need_help"


def test_newcomers_who_read_from_their_coming_answer_nothing_older(org: Organisation) -> None:
    site, bob = org.site(history="since_entry", grace_seconds=0), org.person("Bob")
    before = org.admin.posts(site, "before he came")
    came, wrote, left = ago(), ago(), ago()
    tells_later(bob, word("enter", site, came), word("exit", site, left))
    reply = queued("post", "client-01", wrote, scope_id=site, text="a reply", parent_id=before["id"])
    words = queued("post", "client-02", wrote, scope_id=site, text="words")
    refused, taken = sends(bob, reply, words)
    assert (refused["problem"]["code"], taken["status"]) == ("parent_not_found", 201)


def test_a_visitor_hands_in_what_was_written_in_a_room(org: Organisation) -> None:
    site, other = org.site(), org.site("Other", at=(127.1, 37.5))
    room, elsewhere = org.zone(site, "Room"), org.zone(other, "Room", at=(127.1, 37.5))
    vera = comes_as_visitor(org, code(org, marker(org, site, admits_visitors_hours=8))).agrees()
    was_there(vera, room, judged_by="device")
    assert writes(vera, room, n=1) == TAKEN
    assert writes(vera, elsewhere, n=2) == (404, "not_found")


def test_who_was_taken_out_by_hand_while_there_is_as_who_left(org: Organisation, world: World) -> None:
    site, bob = org.site(grace_seconds=0), org.person("Bob")
    is_seen(org, bob, site)
    ages(world, bob, timedelta(hours=3))
    org.admin.delete(f"/v1/admin/places/{site}/visits/{bob.id}")
    assert writes(bob, site, 2, 1) == TAKEN
