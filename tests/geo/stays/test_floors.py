"""Floors through the API: what a fix without a floor counts for."""

import time

from tests.stories.fixes import GATE, stands
from tests.stories.visits import places_of
from tests.world import World


def test_a_fix_without_a_floor_counts_for_what_spans_all_floors_of_the_site(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, floor_low=0, floor_high=6)
    atrium = org.zone(site, "Atrium", at=GATE, floor_low=0, floor_high=6)
    org.zone(site, "Lobby", at=GATE, floor_low=0, floor_high=1)
    org.zone(site, "Ward 3", at=GATE, floor_low=3, floor_high=3)
    alice = org.person("Alice")

    stands(alice, GATE, time.time())

    assert set(places_of(alice)) == {site, atrium}


def test_when_a_site_grows_a_storey_its_zones_no_longer_span_it(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, floor_low=0, floor_high=1)
    hall = org.zone(site, "Hall", at=GATE, floor_low=0, floor_high=1)
    alice, bob = org.person("Alice"), org.person("Bob")
    stands(alice, GATE, time.time())
    assert set(places_of(alice)) == {site, hall}

    etag = org.admin.request("GET", f"/v1/admin/sites/{site}").headers["ETag"]
    grown = {"type": "Feature", "properties": {"floor_low": 0, "floor_high": 2}}
    org.admin.patch(f"/v1/admin/sites/{site}", grown, If_Match=etag)

    stands(bob, GATE, time.time())
    assert places_of(bob) == [site]
