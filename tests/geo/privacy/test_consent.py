"""What consent, pauses and hours decide: everything that a phone does by itself, also what is under way."""

import time
from datetime import timedelta

import pytest

from base import clock
from geo.privacy.sharing import withdraw_consent
from geo.stays.fixes import take_fixes
from schemas.visits import FixBatch
from tests.stories.actors import actor_of
from tests.stories.charters import promises
from tests.stories.checkins import BEACON, code, hears_the_beacon, marker, scans
from tests.stories.fixes import GATE, fix, positions_of, stands
from tests.stories.hours import ALWAYS, never_now
from tests.stories.regions import enters, exits, tells_of
from tests.stories.visits import places_of
from tests.stories.waiting import begins, until_somebody_waits
from tests.world import World

BSSID = "02:00:5e:10:00:01"


def test_what_is_not_named_of_ones_sharing_stays_as_it_is(world: World) -> None:
    alice = world.organisation().person("Alice")
    alice.patch("/v1/me/sharing", {"hours": ALWAYS})
    assert alice.patch("/v1/me/sharing", {"mode": "device"})["hours"] == ALWAYS
    until = clock.wire(clock.now() + timedelta(hours=1))
    assert alice.patch("/v1/me/sharing", {"paused_until": until})["hours"] == ALWAYS
    assert alice.patch("/v1/me/sharing", {"hours": None})["hours"] is None


def test_a_consent_taken_back_counts_where_none_is_asked_for(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    org.admin.put("/v1/admin/privacy", {"consent_required": False})
    alice, bob = org.person("Alice"), org.person("Bob", consents=False)
    alice.delete("/v1/me/consents/presence")
    body = {"fixes": [fix(time.time(), GATE)]}
    assert alice.post("/v1/me/fixes", body, 403)["code"] == "consent_missing"
    stands(bob, GATE, time.time())
    assert (places_of(alice), places_of(bob)) == ([], [site])
    alice.agrees()
    stands(alice, GATE, time.time())


def test_what_a_phone_does_by_itself_needs_consent_and_a_scan_does_not(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    marker(org, site, "beacon", beacon=BEACON)
    marker(org, site, "wifi", bssid=BSSID)
    alice = org.person("Alice", consents=False)
    assert hears_the_beacon(alice, 403)["code"] == "consent_missing"
    alice.post("/v1/me/check-ins", {"kind": "wifi", "bssid": BSSID}, 403)
    tells_of(alice, "enter", site, status=403)
    alice.put("/v1/me/floor", {"floor": 2}, 403)
    assert places_of(alice) == []
    scans(alice, code(org, marker(org, site)))
    assert places_of(alice) == [site]


@pytest.mark.parametrize("whose", ["organisation", "person", "charter"])
def test_outside_the_hours_nothing_counts_but_a_scan(world: World, whose: str) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    marker(org, site, "beacon", beacon=BEACON)
    alice = org.person("Alice")
    if whose == "organisation":
        org.admin.put("/v1/admin/privacy", {"hours": never_now()})
    elif whose == "person":
        alice.patch("/v1/me/sharing", {"hours": never_now()})
    else:
        promises(org, site, hours=never_now())
    (result,) = tells_of(alice, "enter", site)["items"]
    assert (result["outcome"], result["code"]) == ("refused", "outside_working_hours")
    assert hears_the_beacon(alice, 409)["code"] == "outside_working_hours"
    assert places_of(alice) == []
    scans(alice, code(org, marker(org, site)))
    assert places_of(alice) == [site]


def test_that_one_has_left_counts_at_any_hour(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    enters(alice, site, judged_by="device")
    org.admin.put("/v1/admin/privacy", {"hours": never_now()})
    exits(alice, site, judged_by="device")
    assert places_of(alice) == []


@pytest.mark.parametrize("how", ["pause", "withdrawal"])
def test_a_pause_or_withdrawal_ends_what_beacons_said(world: World, how: str) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    marker(org, site, "beacon", beacon=BEACON)
    alice = org.person("Alice")
    hears_the_beacon(alice)
    assert places_of(alice) == [site]
    if how == "pause":
        alice.patch("/v1/me/sharing", {"paused_until": clock.wire(clock.now() + timedelta(hours=1))})
        hears_the_beacon(alice, 409)
    else:
        alice.delete("/v1/me/consents/presence")
    assert places_of(alice) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_batch_under_way_while_consent_is_taken_back_is_refused(world: World, known: bool) -> None:
    org = world.organisation()
    org.site(at=GATE)
    alice = org.person("Alice")
    if known:
        stands(alice, GATE, time.time() - 120)
    actor, answers = actor_of(alice), []
    body = {"fixes": [fix(time.time(), GATE)]}
    with world.web.transaction(org.id) as session:
        withdraw_consent(session, actor, "presence")
        sending = begins(lambda: answers.append(alice.post("/v1/me/fixes", body, 403)["code"]))
        until_somebody_waits(session)
    sending.join()
    assert answers == ["consent_missing"]
    assert positions_of(world, alice) == 0


@pytest.mark.parametrize("known", [True, False])
def test_a_withdrawal_waits_for_the_batch_under_way_and_forgets_it(world: World, known: bool) -> None:
    org = world.organisation()
    org.site(at=GATE)
    alice = org.person("Alice")
    if known:
        stands(alice, GATE, time.time() - 240)
    actor, now = actor_of(alice), time.time()
    batch = FixBatch().load({"fixes": [fix(now + second, GATE) for second in range(-100, 0, 10)]})["fixes"]
    with world.web.transaction(org.id) as session:
        assert take_fixes(session, actor, batch, None)["accepted"] == 10
        withdrawing = begins(lambda: alice.delete("/v1/me/consents/presence"))
        until_somebody_waits(session)
    withdrawing.join()
    assert positions_of(world, alice) == 0
    assert places_of(alice) == []
