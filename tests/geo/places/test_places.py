"""Sites and zones: drawn, edited with If-Match, archived, imported."""

from sqlalchemy import text

from tests.stories.scopes import manager
from tests.world import World, feature, square


def test_a_place_is_answered_as_it_was_drawn(world: World) -> None:
    admin = world.organisation().admin
    clockwise = {"type": "Polygon", "coordinates": [square(127, 37.5, 0.001)["coordinates"][0][::-1]]}
    made = admin.post("/v1/admin/sites", feature(clockwise, name="Depot", timezone="Asia/Seoul"), 201)
    assert made["geometry"] == square(127, 37.5, 0.001)
    assert made.pop("notes") == ["rewound"]
    assert admin.get(f"/v1/admin/sites/{made['id']}") == made


def test_an_edit_names_the_version_that_it_was_made_from(world: World) -> None:
    org = world.organisation()
    site = org.site()
    path, edit = f"/v1/admin/sites/{site}", {"type": "Feature", "properties": {"name": "New"}}
    etag = org.admin.request("GET", path).headers["ETag"]
    assert org.admin.patch(path, edit, 428)["code"] == "precondition_missing"
    assert org.admin.patch(path, edit, If_Match=etag)["properties"]["name"] == "New"
    assert org.admin.patch(path, edit, 412, If_Match=etag)["code"] == "stale"


def test_a_redrawn_boundary_keeps_its_history(world: World) -> None:
    org = world.organisation()
    site = org.site()
    path = f"/v1/admin/sites/{site}"
    wider = {"type": "Feature", "geometry": square(127.0, 37.5, 0.002)}
    org.admin.patch(path, wider, If_Match='"1"')
    history = org.admin.get(f"{path}/boundaries")["items"]
    assert [item["version"] for item in history] == [2, 1]
    assert history[1]["geometry"] == square(127.0, 37.5, 0.001)


def test_archiving_a_site_ends_its_zones_and_memberships(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    zone = org.zone(site, admission="assigned")
    alice = org.person("Alice", scopes=[site, zone])
    org.admin.delete(f"/v1/admin/sites/{site}", If_Match='"1"')
    assert alice.get("/v1/me")["memberships"] == []
    org.admin.get(f"/v1/admin/zones/{zone}", 404)
    assert [e["data"]["reason"] for e in alice.syncs(0) if e["type"] == "membership.ended"] == [
        "archived"
    ] * 2


def test_a_manager_runs_the_own_site_and_no_other(world: World) -> None:
    org = world.organisation()
    mine, other = org.site("Mine"), org.site("Other")
    hanna = manager(org, "Hanna", mine)
    zone = hanna.post(f"/v1/admin/sites/{mine}/zones", feature(square(127, 37.5, 0.0001), name="Z"), 201)[
        "id"
    ]
    assert [site["id"] for site in hanna.get("/v1/admin/sites")["items"]] == [mine]
    hanna.get(f"/v1/admin/zones/{zone}")
    hanna.post(f"/v1/admin/sites/{other}/zones", feature(square(127, 37.5, 0.0001), name="Z"), 403)
    hanna.post("/v1/admin/sites", feature(square(127, 37.5, 0.0001), name="Z"), 403)


def test_an_import_answers_for_every_feature_and_can_be_repeated(world: World) -> None:
    admin = world.organisation().admin
    crossing = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    zone = feature(square(127, 37.5, 0.0001), kind="zone", external_id="z", site_external_id="s")
    features = [
        zone,
        feature(square(127, 37.5, 0.001), kind="site", external_id="s", name="S"),
        feature(crossing, kind="site", name="bad"),
        feature(square(127, 37.5, 0.0001), kind="zone", site_external_id="nowhere"),
    ]
    collection = {"type": "FeatureCollection", "name": "file", "features": features}
    results = {r["index"]: r for r in admin.post("/v1/admin/places/import", collection)["items"]}
    assert [results[i]["outcome"] for i in range(4)] == ["created", "created", "refused", "refused"]
    assert (results[2]["code"], results[2]["at"]) == ("boundary_self_crossing", [0.5, 0.5])
    assert results[3]["code"] == "site_not_found"
    again = {r["index"]: r["outcome"] for r in admin.post("/v1/admin/places/import", collection)["items"]}
    assert (again[0], again[1]) == ("unchanged", "unchanged")


def test_the_lookup_of_a_fix_uses_the_index_under_row_level_security(world: World) -> None:
    org = world.organisation()
    with world.web.transaction(org.id) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        query = "EXPLAIN SELECT id FROM places WHERE boundary && ST_Expand(ST_SetSRID(ST_MakePoint(1, 1), 4326), 0.01)"
        plan = "\n".join(session.scalars(text(query)))
    assert "Index Cond: (boundary &&" in plan


def test_publishing_a_zone_says_what_may_be_worth_a_look(world: World) -> None:
    org = world.organisation()
    site = org.site()  # 0.001 degrees to each side of 127, 37.5
    path = f"/v1/admin/sites/{site}/zones"
    first = org.admin.post(path, feature(square(127, 37.5, 0.0004), name="Gate"), 201)
    assert first["notes"] == []
    nested = org.admin.post(path, feature(square(127, 37.5, 0.0001), name="Desk"), 201)
    assert nested["notes"] == []
    upstairs = feature(square(127.0001, 37.5, 0.0004), name="Hall", floor_low=3, floor_high=3)
    assert org.admin.post(path, upstairs, 201)["notes"] == ["overlaps_sibling"]
    out = org.admin.post(path, feature(square(127.001, 37.5, 0.0002), name=" gate"), 201)
    assert out["notes"] == ["duplicate_name", "sticks_out_of_site"]
    zone = f"/v1/admin/zones/{out['id']}"
    etag = org.admin.request("GET", zone).headers["ETag"]
    body = feature(square(127.0007, 37.5, 0.0002), name="Yard")
    assert org.admin.patch(zone, body, If_Match=etag)["notes"] == []


def test_the_history_of_a_boundary_comes_in_pages(world: World) -> None:
    org = world.organisation()
    path = f"/v1/admin/sites/{org.site()}"
    for half in (0.002, 0.003):
        etag = org.admin.request("GET", path).headers["ETag"]
        org.admin.patch(path, feature(square(127, 37.5, half)), If_Match=etag)
    first = org.admin.get(f"{path}/boundaries?limit=2")
    rest = org.admin.get(f"{path}/boundaries?limit=2&cursor={first['next']}")
    assert [version["version"] for version in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None
    assert org.admin.get(f"{path}/boundaries?cursor=WyJ4Il0", 422)["code"] == "cursor_invalid"
