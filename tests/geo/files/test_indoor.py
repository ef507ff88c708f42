"""A real building of seven floors, one above the other: only a named floor puts anybody into a room."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from shapely.geometry import shape

from tests.product import ROOT
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import stands
from tests.stories.recordings import DATA
from tests.stories.visits import places
from tests.world import World

HOUSE = DATA / "sites" / "indoor" / "westport-house" / "main.json"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not HOUSE.is_file(), reason=f"the real building is not at {HOUSE}"),
]


def house() -> dict[str, Any]:
    command = [sys.executable, "-m", "geo.files.indoor", str(HOUSE)]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def test_it_is_one_site_with_seven_floors_and_fixes_tell_them_apart_by_floor(world: World) -> None:
    org = world.organisation()
    collection = house()
    report = org.admin.post("/v1/admin/places/import", collection)["items"]
    assert {item["outcome"] for item in report} == {"created"}
    (site,) = [item["id"] for item in org.admin.get("/v1/admin/sites")["items"]]
    zones = list(all_zones(org.admin, site))
    levels = {
        zone["properties"]["floor_low"]: zone["id"] for zone in zones if "Floor" in zone["properties"]["name"]
    }
    assert sorted(levels) == [0, 1, 2, 3, 4, 5, 6]
    again = org.admin.post("/v1/admin/places/import", collection)["items"]
    assert {item["outcome"] for item in again} == {"unchanged"}

    top = next(zone for zone in zones if zone["id"] == levels[6])
    inside = shape(top["geometry"]).representative_point()
    alice = org.person("Alice")
    now = time.time()
    stands(alice, (inside.x, inside.y), now - 300)
    assert set(places(alice)) == {site}
    stands(alice, (inside.x, inside.y), now - 200, floor=6)
    assert levels[6] in places(alice)
    assert not set(levels.values()) - {levels[6]} & set(places(alice))
    stands(alice, (inside.x, inside.y), now - 100, floor=2)
    assert levels[2] in places(alice)
    assert levels[6] not in places(alice)
    scans(alice, code(org, marker(org, levels[4], floor=4)))
    assert levels[4] in places(alice)
    stands(alice, (inside.x, inside.y), time.time() + 40)  # a fix without a floor is on the floor of the code
    assert levels[4] in places(alice)


def all_zones(manager: Any, site: str) -> Any:
    path = f"/v1/admin/sites/{site}/zones?limit=100"
    cursor = ""
    while cursor is not None:
        answer = manager.get(path + cursor)
        yield from answer["items"]
        cursor = None if answer["next"] is None else f"&cursor={answer['next']}"
