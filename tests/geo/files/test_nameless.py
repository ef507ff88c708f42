"""Files whose features have no external id: sent again they draw nothing a second time."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stories.scopes import manager
from tests.stories.statements import statements
from tests.world import Organisation, Phone, World, feature, square

STREAM = "/v1/admin/places/import/stream"


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def site(name: str = "Depot", half: float = 0.01, **properties: Any) -> dict[str, Any]:
    return feature(square(127.0, 37.5, half), name=name, **properties)


def zone(of: str, name: str = "Hall", half: float = 0.001, **properties: Any) -> dict[str, Any]:
    return feature(square(127.0, 37.5, half), kind="zone", name=name, site_id=of, **properties)


def imports(phone: Phone, *features: dict[str, Any]) -> list[str]:
    """What became of each feature, in the order of the file."""
    body = {"type": "FeatureCollection", "features": list(features)}
    items = phone.post("/v1/admin/places/import", body)["items"]
    return [item["code"] or item["outcome"] for item in sorted(items, key=lambda item: item["index"])]


def test_the_same_feature_again_is_unchanged(org: Organisation) -> None:
    depot = org.site()
    file = [site(), zone(depot), site("창고"), zone(depot, "Upstairs", floor_low=1, floor_high=1)]
    assert imports(org.admin, *file) == ["created"] * 4
    assert imports(org.admin, *file) == ["unchanged"] * 4
    parts = site(unicodedata.normalize("NFD", "창고"))
    turned = parts | {"geometry": {"type": "MultiPolygon", "coordinates": [parts["geometry"]["coordinates"]]}}
    assert imports(
        org.admin, turned, {"type": "Feature", "geometry": file[0]["geometry"], "properties": {}}
    ) == [
        "unchanged",
        "created",  # has no name at all
    ]


def test_twice_in_one_file(org: Organisation) -> None:
    assert imports(org.admin, site(), site()) == ["created", "unchanged"]


def test_whatever_differs_is_another_place(org: Organisation) -> None:
    depot, other = org.site(), org.site("Other")
    imports(org.admin, site(), zone(depot, floor_low=1, floor_high=1))
    different = [
        site("depot"),
        site(half=0.02),
        site(external_id="depot"),
        zone(depot, floor_low=2, floor_high=2),
        zone(depot, half=0.002, floor_low=1, floor_high=1),
        zone(other, floor_low=1, floor_high=1),
        zone(depot, "Depot", half=0.01),
    ]
    assert imports(org.admin, *different) == ["created"] * len(different)
    assert imports(org.admin, *different) == ["unchanged"] * len(different)


def test_one_with_an_external_id_is_not_taken_for_it(org: Organisation) -> None:
    imports(org.admin, site(external_id="depot"))
    assert imports(org.admin, site()) == ["created"]


def test_two_who_import_at_once(org: Organisation) -> None:
    org.person("Ben", role="organisation_administrator")
    ben = org.signs_in("ben@example.com", "Ben")
    file = [site(f"Depot {n}") for n in range(5)]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda phone: imports(phone, *file), (org.admin, ben)))
    assert sorted(both) == [["created"] * 5, ["unchanged"] * 5]


def test_nobody_learns_of_a_place_that_they_may_not_edit(org: Organisation) -> None:
    depot = org.site()
    imports(org.admin, zone(depot))
    hanna = manager(org, "Hanna", org.site("Other"))
    assert imports(hanna, zone(depot), zone(depot, "Guessed")) == ["forbidden"] * 2


def test_many_without_a_name_cost_no_more_than_others(org: Organisation) -> None:
    depot = org.site()

    def file(count: int, **properties: Any) -> list[dict[str, Any]]:
        return [
            feature(square(127 + n * 1e-5, 37.5, 1e-6), kind="zone", site_id=depot, **properties)
            for n in range(count)
        ]

    assert imports(org.admin, *file(150)) == ["created"] * 150
    with statements(org.world.web.engine) as asked:
        assert imports(org.admin, *file(150)) == ["unchanged"] * 150
    assert len(asked) < 40
