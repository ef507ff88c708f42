"""Words of coming in that are told after a newer one of going out: nobody is brought back who has left."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base import clock
from geo.models.stays import Departure
from geo.privacy.retention import forget_old_departures
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import GATE
from tests.stories.musters import board, calls
from tests.stories.phone_queue import queued, sends, statuses
from tests.stories.regions import enters, exits, tells_later, word
from tests.stories.times import ago, ahead
from tests.stories.visits import places
from tests.world import World


@pytest.mark.parametrize("judged_by", ["region", "device"])
def test_a_coming_in_that_is_told_after_a_newer_going_out_opens_nothing(world: World, judged_by: str) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    assert tells_later(alice, word("exit", site, ago(minutes=5), judged_by)) == ["known"]
    assert tells_later(alice, word("enter", site, ago(minutes=10), judged_by)) == ["known"]
    assert places(alice) == {}
    muster = calls(org.admin, site)
    assert board(org.admin, muster) == {}
    assert tells_later(alice, word("enter", site, ago(minutes=2), judged_by)) == ["taken"]
    assert site in places(alice)


def test_the_newest_going_out_counts_and_not_the_last_to_be_told(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    tells_later(alice, word("exit", site, ago(minutes=5)))
    tells_later(alice, word("exit", site, ago(minutes=20)))
    tells_later(alice, word("enter", site, ago(minutes=10)))
    assert places(alice) == {}


def test_a_late_coming_in_does_not_outlast_the_better_evidence_that_holds(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    scans(alice, code(org, marker(org, site)))
    tells_later(alice, word("exit", site, ago(minutes=5)))
    assert tells_later(alice, word("enter", site, ago(minutes=10))) == ["known"]
    (seen,) = org.admin.get(f"/v1/admin/sites/{site}/present?reason=Fire")["items"]
    assert seen["sources"] == ["qr"]


def test_a_going_out_speaks_for_the_phone_that_said_it_and_for_its_place(world: World) -> None:
    org = world.organisation()
    site, other = org.site(at=GATE), org.site("Other")
    alice = org.person("Alice")
    tells_later(alice, word("exit", site, ago(minutes=5)))
    second = org.signs_in("alice@example.com", "Alice's tablet")
    assert tells_later(second, word("enter", site, ago(minutes=10))) == ["taken"]
    assert tells_later(alice, word("enter", other, ago(minutes=10))) == ["taken"]
    bob = org.person("Bob")
    assert tells_later(bob, word("enter", site, ago(minutes=10))) == ["taken"]


def test_a_clock_that_is_ahead_when_going_out_keeps_nobody_from_coming_in(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    tells_later(alice, word("exit", site, ahead(seconds=50), "device"))
    scans(alice, code(org, marker(org, site)))
    assert site in places(alice)


def test_a_phone_that_left_the_site_has_left_all_that_it_had_said_there(world: World) -> None:
    """The app's own judgement of the site ends scans and zones, also those that are told after it."""
    org = world.organisation()
    site = org.site(at=GATE)
    hut = org.zone(site, "Hut", at=GATE)
    alice = org.person("Alice")
    shown = code(org, marker(org, hut))
    exits(alice, site, judged_by="device")
    late = queued("check_in", "client-01", ago(minutes=10), scanned="code", code=shown)
    assert statuses(sends(alice, late)) == [201]
    tells_later(alice, word("enter", hut, ago(minutes=10), "device"))
    assert places(alice) == {}


def test_a_check_out_before_anything_was_known_counts_against_what_is_told_later(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    hut = org.zone(site, "Hut", at=GATE)
    alice = org.person("Alice")
    alice.post("/v1/me/check-outs", {"place_id": site}, 404)
    assert tells_later(alice, word("enter", site, ago(minutes=10))) == ["known"]
    assert tells_later(alice, word("enter", hut, ago(minutes=10), "device")) == ["known"]
    assert places(alice) == {}
    enters(alice, site)
    assert site in places(alice)


def test_a_queued_check_out_that_finds_nothing_is_remembered_too(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    out = queued("check_out", "client-01", ago(minutes=5), place_id=site)
    nowhere = queued("check_out", "client-02", ago(minutes=5), place_id=str(UUID(int=7)))
    assert statuses(sends(alice, out, nowhere)) == [404, 404]
    tells_later(alice, word("enter", site, ago(minutes=10)))
    assert places(alice) == {}
    tells_later(alice, word("enter", site, ago(minutes=2)))
    assert site in places(alice)


def test_a_manager_who_saw_somebody_gone_is_not_contradicted_by_what_was_before(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    org.admin.delete(f"/v1/admin/places/{site}/visits/{alice.id}")
    tells_later(alice, word("enter", site, ago(minutes=10)))
    assert places(alice) == {}


def test_that_one_left_is_kept_for_a_day_and_not_beyond_a_withdrawal(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(at=GATE)
    alice, bob = org.person("Alice"), org.person("Bob")
    for phone in (alice, bob):
        exits(phone, site)
    alice.delete("/v1/me/consents/presence")
    assert persons_who_left(world) == {bob.id}
    for hours, left in ((23, {bob.id}), (25, set())):
        with world.worker.transaction() as session:
            session.execute(update(Departure).values(left_at=clock.now() - timedelta(hours=hours)))
            forget_old_departures(session)
        assert persons_who_left(world) == left


def persons_who_left(world: World) -> set[str]:
    with world.worker.transaction() as session:
        return {str(person_id) for person_id in session.scalars(select(Departure.person_id))}
