"""Every route, asked by nobody, by a member of another organisation, and by one without the permission."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api.app import create_app
from api.document import openapi
from base.settings import load_settings
from people.permissions import Permission
from tests.world import World, feature, square

APP = create_app(
    load_settings({"DATABASE_URL": "postgresql://", "SECRET_KEY": "-" * 32, "LOG_LEVEL": "ERROR"})
)
OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in openapi(APP)["paths"].items()
    for method, operation in operations.items()
    if method in ("get", "post", "put", "patch", "delete")
]
CLOSED = [item for item in OPERATIONS if item[2]["x-permission"] != "public"]
NAMES = [f"{method} {path}" for method, path, _ in CLOSED]
PLACE = feature(square(127, 37, 0.001), name="x")
BODIES: dict[str, Any] = {
    "publish_post": {"text": "x"},
    "edit_post": {"text": "x"},
    "send_queued": {"sent_at": "2026-01-01T00:00:00Z", "items": [{}]},
    "mark_scope_read": {"post_id": str(UUID(int=1))},
    "edit_scope": {"read_receipts": True},
    "change_my_membership": {"level": "nothing"},
    "create_site": PLACE,
    "create_zone": PLACE,
    "edit_site": {"type": "Feature", "properties": {"name": "x"}},
    "edit_zone": {"type": "Feature", "properties": {"name": "x"}},
    "report_deliveries": {
        "items": [{"delivery_id": str(UUID(int=1)), "what": "opened", "at": "2026-01-01T00:00:00Z"}]
    },
    "register_push_address": {"kind": "token", "address": "x" * 20},
    "report_fixes": {"fixes": [{"at": "2026-01-01T00:00:00Z", "lon": 0, "lat": 0}]},
    "check_in": {"kind": "code", "code": "x"},
    "check_out": {"place_id": str(UUID(int=1))},
    "set_my_floor": {"floor": 1},
    "report_region_events": {
        "events": [{"place_id": str(UUID(int=1)), "type": "enter", "at": "2026-01-01T00:00:00Z"}]
    },
    "answer_muster": {"status": "safe"},
    "mark_muster_entry": {"status": "safe"},
    "give_consent": {"kind": "presence", "text_version": "1"},
    "set_my_sharing": {"paused_until": None},
    "add_marker": {"kind": "printed", "name": "x"},
    "announce": {"text": "x"},
    "raise_alert": {"text": "x"},
    "start_muster": {"message": "Fire alarm"},
    "check_person_in": {"person_id": str(UUID(int=1))},
    "write_charter": {"purpose": "To know who is there in an emergency."},
    "write_privacy_rules": {},
    "import_collection": {"type": "FeatureCollection", "features": []},
    "check_draft": feature(square(127, 37, 0.001), name="x"),
    "rehearse_draft": {
        "geometry": square(127, 37, 0.001),
        "fixes": [{"at": "2026-01-01T00:00:00Z", "lon": 0, "lat": 0}],
    },
    "import_streaming": {"type": "FeatureCollection", "features": []},
}


def test_every_route_is_documented_and_says_who_may() -> None:
    documented = {(method, path) for method, path, _ in OPERATIONS}
    for rule in APP.url_map.iter_rules():
        path = str(rule)
        if path.startswith(("/health/", "/docs", "/openapi.json", "/asyncapi.json")):
            continue
        path = path.replace("<uuid:", "{").replace("<string:", "{").replace(">", "}")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert (method, path) in documented
    for _, _, operation in OPERATIONS:
        assert operation["x-permission"] in {*Permission, "public"}


def test_only_these_routes_are_public() -> None:
    public = {path for _, path, operation in OPERATIONS if operation["x-permission"] == "public"}
    assert public == {"/v1/sessions", "/v1/sessions/refresh", "/v1/invitations/accept", "/v1/visitors"}


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED, ids=NAMES)
def test_nobody_gets_in(world: World, method: str, path: str, operation: dict[str, Any]) -> None:
    client = world.app.test_client()
    for token in ("", "Bearer nonsense", "Basic YTpi"):
        answer = client.open(_filled(path, {}), method=method, headers={"Authorization": token}, json={})
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED, ids=NAMES)
def test_ids_of_another_organisation_do_not_exist(
    world: World, method: str, path: str, operation: dict[str, Any]
) -> None:
    if "{" not in path:
        return
    theirs, ours = world.organisation(), world.organisation()
    site = theirs.site()
    known = {"site": site, "zone": theirs.zone(site), "person": theirs.person("Thea").id}
    known["post"] = theirs.admin.posts(str(theirs.id), "secret")["id"]
    marker = {"kind": "printed", "name": "Door"}
    known["marker"] = theirs.admin.post(f"/v1/admin/places/{site}/markers", marker, 201)["id"]
    roll_call = {"message": "Fire alarm"}
    known["muster"] = theirs.admin.post(f"/v1/admin/places/{site}/musters", roll_call, 201)["id"]
    answer = ours.admin.request(method, _filled(path, known), _body(method, operation), If_Match="*")
    assert answer.status_code == 404, answer.get_data(as_text=True)


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED, ids=NAMES)
def test_a_plain_member_manages_nothing(
    world: World, method: str, path: str, operation: dict[str, Any]
) -> None:
    if "/admin/" not in path:
        return
    org = world.organisation()
    site = org.site(admission="assigned")
    known = {"site": site, "zone": org.zone(site, admission="assigned")}
    mel = org.person("Mel", scopes=[site, known["zone"]])
    known["person"] = mel.id
    known["post"] = org.admin.posts(site, "for members")["id"]
    marker = {"kind": "printed", "name": "Door"}
    known["marker"] = org.admin.post(f"/v1/admin/places/{site}/markers", marker, 201)["id"]
    answer = mel.request(method, _filled(path, known), _body(method, operation), If_Match="*")
    if operation["operationId"] in ("list_managed_sites", "import_collection"):
        assert answer.get_json()["items"] == []  # these look at each site by itself
    else:
        assert answer.status_code == 403, answer.get_data(as_text=True)


def _body(method: str, operation: dict[str, Any]) -> Any:
    return BODIES.get(operation["operationId"], {}) if method in ("POST", "PUT", "PATCH") else None


def _filled(path: str, known: dict[str, str]) -> str:
    anything = str(UUID(int=uuid4().int))
    place = known.get("zone" if "/zones/" in path else "site", anything)
    values = {
        "{place_id}": place,
        "{site_id}": place,
        "{scope_id}": place,
        "{person_id}": known.get("person", anything),
        "{post_id}": known.get("post", anything),
        "{marker_id}": known.get("marker", anything),
        "{muster_id}": known.get("muster", anything),
        "{delivery_id}": anything,
        "{kind}": "nonsense",
    }
    for name, value in values.items():
        path = path.replace(name, value)
    if path.endswith("/present"):
        return path + "?reason=drill"
    if path.endswith("/import/file"):
        return path + "?filename=x.geojson"
    return path if "sync" not in path else path + "?after=0"
