"""Nothing that is told lets one work out a group so small that it is persons."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from base import clock
from geo.presence.groups import Groups
from tests.stories.charters import promises
from tests.stories.visits import fills, was_there
from tests.world import Organisation, World, feature

SITE, HALL, ROOM, YARD = (UUID(int=number) for number in range(1, 5))
PEOPLE = [uuid4() for _ in range(40)]


def told(inside: dict[UUID, range], aggregate_only: bool = False) -> dict[UUID, int]:
    groups = Groups(5, aggregate_only)
    sets = {place: frozenset(PEOPLE[number] for number in numbers) for place, numbers in inside.items()}
    return groups.shown_together(SITE, sets)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ({SITE: range(20), HALL: range(10)}, {SITE: 20, HALL: 10}),
        ({SITE: range(20), HALL: range(17)}, {SITE: 20}),  # three are outside of the hall
        ({SITE: range(20), HALL: range(20)}, {SITE: 20, HALL: 20}),
        ({SITE: range(20), HALL: range(4)}, {SITE: 20}),
        ({SITE: range(20), HALL: range(0)}, {SITE: 20, HALL: 0}),
        # Together they leave two, so the smaller is kept back.
        ({SITE: range(20), HALL: range(10), YARD: range(10, 18)}, {SITE: 20, HALL: 10}),
        # The same for a room in a hall.
        ({SITE: range(30), HALL: range(12), ROOM: range(10)}, {SITE: 30, HALL: 12}),
        ({SITE: range(30), HALL: range(12), ROOM: range(6)}, {SITE: 30, HALL: 12, ROOM: 6}),
        ({SITE: range(3), HALL: range(3)}, {}),
    ],
)
def test_no_difference_of_what_is_told_is_a_small_group(
    inside: dict[UUID, range], expected: dict[UUID, int]
) -> None:
    assert told(inside) == expected


def test_where_only_numbers_are_shown_nobody_is_a_small_group_too() -> None:
    assert told({SITE: range(20), HALL: range(0)}, aggregate_only=True) == {SITE: 20}
    assert told({SITE: range(20), HALL: range(20)}, aggregate_only=True) == {SITE: 20}
    assert told({SITE: range(0)}, aggregate_only=True) == {}


def limits(org: Organisation, zone: str, limit: int | None, status: int = 200) -> Any:
    tag = org.admin.request("GET", f"/v1/admin/zones/{zone}").headers["ETag"]
    body = {"type": "Feature", "properties": {"occupancy_limit": limit}}
    return org.admin.patch(f"/v1/admin/zones/{zone}", body, status, If_Match=tag)


def steps(org: Organisation, site: str, start: Any, until: Any) -> list[Any]:
    query = f"from={clock.wire(start)}&until={clock.wire(until)}&step_minutes=15"
    return org.admin.get(f"/v1/admin/sites/{site}/occupancy?{query}")["over_time"]


def test_the_end_of_a_span_cannot_be_moved_along_to_see_one_person_come(
    org: Organisation, world: World
) -> None:
    site = org.site()
    people = fills(org, site, 6)
    quarter = clock.now() - timedelta(hours=2)
    quarter -= timedelta(
        minutes=quarter.minute % 15, seconds=quarter.second, microseconds=quarter.microsecond
    )
    for person, minute in zip(people, (1, 2, 3, 4, 5, 9), strict=True):
        was_there(world, [person], quarter + timedelta(minutes=minute))
    seen = [
        steps(org, site, quarter - timedelta(minutes=5), quarter + timedelta(minutes=minutes))
        for minutes in (8, 9.5, 14.9)
    ]
    assert seen == [[], [], []]  # the quarter of an hour in which they came is not over at its ninth minute
    (whole,) = steps(org, site, quarter, quarter + timedelta(minutes=15))
    assert (whole["count"], whole["from"]) == (6, clock.wire(quarter))
    assert steps(org, site, clock.now(), clock.now() + timedelta(hours=1)) == []


def test_where_only_numbers_are_shown_steps_of_few_look_as_those_of_nobody(
    org: Organisation, world: World
) -> None:
    site = org.site()
    was_there(world, fills(org, site, 2), clock.now() - timedelta(hours=3))
    span = (clock.now() - timedelta(hours=2), clock.now())
    assert {step["count"] for step in steps(org, site, *span)} == {None}
    promises(org, site, aggregate_only=True)
    assert steps(org, site, *span) == []


def test_a_limit_cannot_be_used_to_count_persons_where_only_numbers_are_shown(org: Organisation) -> None:
    site = org.site()
    zone = org.zone(site, occupancy_limit=4)
    assert promises(org, site, 409, aggregate_only=True)["code"] == "limit_tells_persons"
    limits(org, zone, 10)
    promises(org, site, aggregate_only=True, smallest_group=8)
    assert limits(org, zone, 7, 409)["code"] == "limit_tells_persons"
    limits(org, zone, 8)
    body = feature(
        {"type": "Polygon", "coordinates": [[[127, 37.5], [127.001, 37.5], [127, 37.501], [127, 37.5]]]},
        name="Yard",
        occupancy_limit=1,
    )
    org.admin.post(f"/v1/admin/sites/{site}/zones", body, 409)


def test_a_changed_limit_is_held_against_those_who_are_there_at_once(org: Organisation) -> None:
    site = org.site()
    zone = org.zone(site, occupancy_limit=9)
    fills(org, zone, 6)
    ada = org.person("Ada2", scopes=[zone])
    org.world.relays()
    position = ada.get("/v1/me")["position"]
    limits(org, zone, 5)
    limits(org, zone, None)
    told = [event for event in ada.syncs(position) if event["type"].startswith("occupancy.")]
    assert [(event["type"], event["data"]["count"], event["data"]["limit"]) for event in told] == [
        ("occupancy.exceeded", 6, 5),
        ("occupancy.restored", 6, None),
    ]
    (now,) = [
        place
        for place in org.admin.get(f"/v1/admin/sites/{site}/occupancy")["now"]
        if place["place_id"] == zone
    ]
    assert now["over_limit_since"] is None
