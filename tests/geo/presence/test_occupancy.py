"""How full places are: now, over time, over the limit; small groups are nobody's business."""

from datetime import timedelta

from base import clock
from tests.stories.visits import fills, was_there
from tests.world import World


def test_small_groups_are_not_shown(world: World) -> None:
    org = world.organisation()
    site = org.site()
    zone = org.zone(site)
    fills(org, zone, 4)
    fills(org, site, 1, start=4)
    answer = org.admin.get(f"/v1/admin/sites/{site}/occupancy")
    shown = {place["place_id"]: place["count"] for place in answer["now"]}
    assert shown == {site: 5, zone: None}
    fills(org, zone, 1, start=5)
    answer = org.admin.get(f"/v1/admin/sites/{site}/occupancy")
    assert {place["place_id"]: place["count"] for place in answer["now"]} == {site: 6, zone: None}
    fills(org, site, 4, start=6)  # those who are not in the zone are a group by now
    answer = org.admin.get(f"/v1/admin/sites/{site}/occupancy")
    assert {place["place_id"]: place["count"] for place in answer["now"]} == {site: 10, zone: 5}
    assert org.admin.get(f"/v1/admin/sites/{site}/occupancy")["over_time"] == []


def test_occupancy_over_time_counts_persons_once_a_step(world: World) -> None:
    org = world.organisation()
    site = org.site()
    people = fills(org, site, 5)
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    was_there(world, people, now - timedelta(hours=2.5), now - timedelta(hours=1.5))
    start = clock.wire(now - timedelta(hours=4))
    query = f"from={start}&until={clock.wire(now)}&step_minutes=60"
    steps = org.admin.get(f"/v1/admin/sites/{site}/occupancy?{query}")["over_time"]
    assert [step["count"] for step in steps] == [5, 5]
    fills(org, site, 5, start=5)
    org.admin.get(f"/v1/admin/sites/{site}/occupancy?{query}")
    for odd in (5, 20):
        uneven = query.replace("step_minutes=60", f"step_minutes={odd}")
        org.admin.get(f"/v1/admin/sites/{site}/occupancy?{uneven}", 422)
    too_many = query.replace(start, "2026-01-01T00:00:00Z")
    org.admin.get(f"/v1/admin/sites/{site}/occupancy?{too_many}", 422)
    org.admin.get(
        f"/v1/admin/sites/{site}/occupancy?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422
    )


def test_a_zone_over_its_limit_tells_those_in_it_and_tells_when_it_is_over(world: World) -> None:
    org = world.organisation()
    site = org.site()
    zone = org.zone(site, occupancy_limit=2)
    first, *_ = fills(org, zone, 2)
    ada = org.person("Ada2", scopes=[zone])
    position = ada.get("/v1/me")["position"]
    third, fourth = fills(org, zone, 2, start=2)
    for person in (third, fourth):
        org.admin.delete(f"/v1/admin/places/{zone}/visits/{person}")
    told = [event for event in ada.syncs(position) if event["type"].startswith("occupancy.")]
    assert [event["type"] for event in told] == ["occupancy.exceeded", "occupancy.restored"]
    assert (told[0]["data"]["count"], told[0]["data"]["limit"]) == (None, 2)  # three are not a number
    assert first
