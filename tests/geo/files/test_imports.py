"""Imports of many places: streaming, in chunks, repeated, cut off."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.files.imports import CHUNK
from geo.files.levels import floors_of
from tests.stories.statements import statements
from tests.world import Phone, World, feature, square

STREAM = "/v1/admin/places/import/stream"


def collection(zones: int, sites: int = 2) -> dict[str, Any]:
    """Sites in a row, and zones spread over them; zones first, so that their order has to be put right."""
    features = [
        feature(
            square(127 + (i % sites) + (i // sites % 100) * 1e-4, 37.5, 1e-5),
            kind="zone",
            name=f"Zone {i}",
            external_id=f"z{i}",
            site_external_id=f"s{i % sites}",
        )
        for i in range(zones)
    ]
    features += [
        feature(square(127 + i, 37.5, 0.02), name=f"Site {i}", external_id=f"s{i}") for i in range(sites)
    ]
    return {"type": "FeatureCollection", "features": features}


def streams(phone: Phone, body: dict[str, Any]) -> list[tuple[str, Any]]:
    answer = phone.request("POST", STREAM, body)
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson"), answer.get_data()
    return [next(iter(orjson.loads(line).items())) for line in answer.get_data().splitlines()]


def test_a_line_for_every_feature_then_progress_then_the_summary(world: World) -> None:
    got = streams(world.organisation().admin, collection(CHUNK * 2))
    of = CHUNK * 2 + 2
    assert [line for line in got if line[0] == "progress"] == [
        ("progress", {"done": done, "of": of}) for done in (CHUNK, CHUNK * 2, of)
    ]
    assert got[-1] == ("summary", {"created": of, "updated": 0, "unchanged": 0, "refused": 0})
    results = [line[1] for line in got if line[0] == "result"]
    assert sorted(result["index"] for result in results) == list(range(of))
    assert [result["index"] for result in results[:2]] == [CHUNK * 2, CHUNK * 2 + 1]


def test_the_work_for_a_feature_does_not_grow_with_the_file(world: World) -> None:
    admin, body = world.organisation().admin, collection(CHUNK * 2, 3)
    with statements(world.web.engine) as made:
        streams(admin, body)
    with statements(world.web.engine) as looked_up:
        streams(admin, body)
    assert len(made) < len(body["features"]) * 8
    assert len(looked_up) < 60  # what is there already is looked up by the chunk


def test_the_same_file_again_changes_nothing_and_a_changed_one_what_differs(world: World) -> None:
    admin, body = world.organisation().admin, collection(20)
    streams(admin, body)
    assert streams(admin, body)[-1][1]["unchanged"] == 22
    body["features"][3]["properties"]["name"] = "New name"
    body["features"][4]["geometry"] = square(127, 37.5, 2e-5)
    body["features"][5]["properties"] |= {"floor_low": 1, "floor_high": 2}
    assert streams(admin, body)[-1][1] == {"created": 0, "updated": 3, "unchanged": 19, "refused": 0}


def test_what_is_wrong_with_one_feature_spoils_no_other(world: World) -> None:
    body = collection(4)
    body["features"][0]["geometry"] = {"type": "Point", "coordinates": [0, 0]}
    body["features"][1]["properties"]["site_external_id"] = "nowhere"
    body["features"][2] = None
    body["features"].append(
        {"type": "Feature", "geometry": square(1, 1, 1), "properties": {"floor_low": "x"}}
    )
    results = {r["index"]: r for kind, r in streams(world.organisation().admin, body) if kind == "result"}
    assert [results[i]["code"] for i in (0, 1, 2, 3, 6)] == [
        "boundary_not_polygon",
        "site_not_found",
        "boundary_malformed",
        None,
        "invalid",
    ]


def test_zones_that_stick_out_or_repeat_a_name_are_remarked(world: World) -> None:
    body = collection(3, 1)
    body["features"][1]["properties"]["name"] = " ZONE 0"
    body["features"][2]["geometry"] = square(127.02, 37.5, 0.001)
    admin = world.organisation().admin
    for _ in range(2):
        notes = {r["index"]: r["notes"] for kind, r in streams(admin, body) if kind == "result"}
        assert notes[1] == ["duplicate_name"]
        assert notes[2] == ["sticks_out_of_site"]
        assert notes[3] == []


def test_zones_that_overlap_are_remarked_and_those_that_nest_or_lie_above_each_other_are_not(
    world: World,
) -> None:
    body = collection(5, 1)
    drawn = [(127.0, 1e-3), (127.0015, 1e-3), (127.0, 1e-4), (127.0, 1e-3), (127.01, 1e-3)]
    for number, (lon, half) in enumerate(drawn):
        body["features"][number]["geometry"] = square(lon, 37.5, half)
    for number, floor in ((0, 0), (1, 0), (2, 0), (3, 1), (4, 0)):
        body["features"][number]["properties"] |= {"floor_low": floor, "floor_high": floor}
    admin = world.organisation().admin
    for _ in range(2):
        notes = {r["index"]: r["notes"] for kind, r in streams(admin, body) if kind == "result"}
        assert [notes[i] for i in range(6)] == [["overlaps_sibling"]] * 2 + [[]] * 4


def test_an_external_id_is_of_one_kind_and_a_zone_stays_in_its_site(world: World) -> None:
    admin, body = world.organisation().admin, collection(2)
    streams(admin, body)
    body["features"][0]["properties"] |= {"external_id": "s0", "name": "Not the site"}
    body["features"][1]["properties"]["site_external_id"] = "s0"
    body["features"].append(feature(square(1, 1, 1), kind="zone", external_id="z0", site_external_id="gone"))
    body["features"].append(feature(square(127, 37.5, 0.001), kind="zone", external_id="z0", name="Moved"))
    results = {r["index"]: r for kind, r in streams(admin, body) if kind == "result"}
    assert [results[i]["code"] for i in (0, 1, 4, 5)] == [
        "kind_differs",
        "site_differs",
        "site_not_found",
        None,  # names no site: it stays where it is
    ]
    assert {s["properties"]["name"] for s in admin.get("/v1/admin/sites")["items"]} == {"Site 0", "Site 1"}


@pytest.mark.parametrize(
    ("level", "floors"),
    [
        ("0", (0, 0)),
        ("-1", (-1, -1)),
        ("-1;0", (-1, 0)),
        ("0;1", (0, 1)),
        ("2; 0", (0, 2)),
        ("-2--1", (-2, -1)),
        ("0-3", (0, 3)),
        (4, (4, 4)),
        ("1.0", (1, 1)),
    ],
)
def test_levels_are_floors(level: Any, floors: tuple[int, int]) -> None:
    found = {"floor_low": floors[0], "floor_high": floors[1]}
    assert floors_of({"level": level}) == (found, [])
    assert floors_of({"level": level, "floor_low": 7, "floor_high": 8})[0] == {
        "floor_low": 7,
        "floor_high": 8,
    }


@given(st.one_of(st.text(), st.integers(), st.floats(), st.lists(st.text()), st.booleans()))
def test_any_level_is_floors_or_a_note(level: Any) -> None:
    floors, notes = floors_of({"level": level})
    assert bool(floors) + bool(notes) == (level != "")
    assert all(-99 <= floor <= 999 for floor in floors.values())


def test_levels_of_openstreetmap_are_imported_and_nonsense_is_noted(world: World) -> None:
    admin, body = world.organisation().admin, collection(3, 1)
    for number, level in enumerate(("-1;0", "roof", "1.5")):
        body["features"][number]["properties"]["level"] = level
    notes = [r["notes"] for kind, r in streams(admin, body) if kind == "result"]
    assert notes == [[], [], ["level_unreadable"], ["level_unreadable"]]
    site = admin.get("/v1/admin/sites")["items"][0]["id"]
    zones = [zone["properties"] for zone in admin.get(f"/v1/admin/sites/{site}/zones")["items"]]
    assert [(z["floor_low"], z["floor_high"]) for z in zones] == [(-1, 0), (None, None), (None, None)]
    assert streams(admin, body)[-1][1]["unchanged"] == 4


def test_what_a_collection_says_of_itself_is_not_repeated_for_every_feature(world: World) -> None:
    body = {**collection(2), "notes": ["x"] * 1_000}
    results = [r for kind, r in streams(world.organisation().admin, body) if kind == "result"]
    assert [r["notes"] for r in results] == [[], [], [], []]


def test_an_import_that_was_cut_off_is_sent_again(world: World) -> None:
    admin, body = world.organisation().admin, collection(CHUNK * 2)
    answer = admin._client.post(
        STREAM, json=body, headers={"Authorization": f"Bearer {admin.tokens['access_token']}"}, buffered=False
    )
    stream = answer.iter_encoded()
    next(stream)
    answer.close()
    summary = streams(admin, body)[-1][1]
    assert summary == {"created": CHUNK + 2, "updated": 0, "unchanged": CHUNK, "refused": 0}


def test_who_signs_out_meanwhile_imports_no_further_chunk(world: World) -> None:
    admin, body = world.organisation().admin, collection(CHUNK * 2)
    headers = {"Authorization": f"Bearer {admin.tokens['access_token']}"}
    answer = admin._client.post(STREAM, json=body, headers=headers, buffered=False)
    stream = answer.iter_encoded()
    next(stream)
    admin.delete("/v1/sessions/current")
    rest = b"".join(stream).splitlines()
    assert next(iter(orjson.loads(rest[-1]).items()))[1]["code"] == "session_ended"
    answer.close()


def test_a_stream_takes_no_idempotency_key_and_nothing_but_a_collection(world: World) -> None:
    admin = world.organisation().admin
    assert (
        admin.post(STREAM, collection(1), 422, Idempotency_Key="k" * 20)["code"] == "idempotency_key_invalid"
    )
    too_many = {"type": "FeatureCollection", "features": [0] * 50_001}
    assert admin.post(STREAM, too_many, 422)["code"] == "boundary_too_many_features"
    assert (
        admin.post(STREAM, {"type": "FeatureCollection", "features": 5}, 422)["code"] == "boundary_malformed"
    )


def test_a_manager_imports_into_the_own_site_only(world: World) -> None:
    org = world.organisation()
    sites = [org.site(f"S{i}", external_id=f"s{i}") for i in range(2)]
    hanna = org.person("Hanna")
    org.admin.put(f"/v1/admin/scopes/{sites[0]}/memberships/{hanna.id}", {"role": "manager"})
    results = {r["index"]: r for kind, r in streams(hanna, collection(4)) if kind == "result"}
    assert [results[i]["outcome"] for i in range(6)] == [
        "created",
        "refused",
        "created",
        "refused",
        "updated",
        "refused",
    ]
    assert {results[i]["code"] for i in (1, 3, 5)} == {"forbidden"}


def test_a_feature_that_fails_late_costs_the_chunk_a_second_try_and_nothing_else(world: World) -> None:
    org, body = world.organisation(), collection(6)
    body["features"][2]["properties"] |= {"floor_low": 5, "floor_high": 1}
    results = {r["index"]: r for kind, r in streams(org.admin, body) if kind == "result"}
    assert [results[i]["outcome"] for i in range(8)] == ["created"] * 2 + ["refused"] + ["created"] * 5
    created = [e for e in org.admin.syncs(0) if e["type"] == "place.created"]
    assert len(created) == 7
    assert streams(org.admin, body)[-1][1] == {"created": 0, "updated": 0, "unchanged": 7, "refused": 1}
