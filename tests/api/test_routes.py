"""Every route, asked by nobody, by a member of another organisation, and by one without the permission."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from marshmallow import class_registry
from werkzeug.test import TestResponse

from people.permissions import Permission
from tests.api.operations import APP, OPERATIONS, json_body, least_query
from tests.stories.things import filled, things
from tests.world import Organisation, Phone, World

CLOSED = [item for item in OPERATIONS if item[2]["x-permission"] != "public"]
NAMES = [f"{method} {path}" for method, path, _ in CLOSED]
WITH_BODY = [item for item in OPERATIONS if "requestBody" in item[2]]
BODIES = [f"{method} {path}" for method, path, _ in WITH_BODY]


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
    assert public == {
        "/v1/sessions",
        "/v1/sessions/refresh",
        "/v1/sessions/second-factor",
        "/v1/sessions/enrolment",
        "/v1/sessions/passkeys",
        "/v1/shared-devices/enrol",
        "/v1/shared-devices/people",
        "/v1/shared-devices/sessions",
        "/v1/sessions/passkeys/options",
        "/v1/sessions/codes",
        "/v1/sessions/by-code",
        "/v1/invitations/accept",
        "/v1/notifications/{notification_id}/content",
        "/v1/registrations",
        "/v1/registrations/confirm",
        "/v1/password-resets",
        "/v1/visitors",
    }


@pytest.mark.parametrize("operation", [item[2] for item in WITH_BODY], ids=BODIES)
def test_the_example_of_a_body_is_one_that_its_schema_takes(operation: dict[str, Any]) -> None:
    content = json_body(operation)
    schema: Any = class_registry.get_class(content["schema"]["$ref"].rpartition("/")[2])
    assert content["example"] is not None, f"give {schema.__name__} an example"
    assert schema().validate(content["example"]) == {}


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED, ids=NAMES)
def test_nobody_gets_in(world: World, method: str, path: str, operation: dict[str, Any]) -> None:
    client = world.app.test_client()
    anything = defaultdict(lambda: str(uuid4()))
    for token in ("", "Bearer nonsense", "Basic YTpi"):
        headers = {"Authorization": token}
        answer = client.open(path.format_map(anything), method=method, headers=headers, json={})
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"


@pytest.fixture(scope="module")
def theirs(shared_world: World) -> Iterator[dict[str, str]]:
    """What another organisation has: all that is asked of it is refused, and so it is all there at the end."""
    org = shared_world.organisation()
    site = org.site()
    known = things(org, org.person("Thea"), site, org.zone(site))
    yield known
    for path in ("admin/sites/{site_id}", "posts/{post_id}", "admin/markers/{marker_id}/code"):
        org.admin.get(f"/v1/{path.format_map(known)}")


@pytest.fixture(scope="module")
def ours(shared_world: World) -> Organisation:
    return shared_world.organisation()


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED, ids=NAMES)
def test_ids_of_another_organisation_do_not_exist(
    theirs: dict[str, str], ours: Organisation, method: str, path: str, operation: dict[str, Any]
) -> None:
    if "{" not in path:
        return
    answer = asks(ours.admin, method, path, operation, theirs)
    assert answer.status_code == 404, answer.get_data(as_text=True)


@pytest.fixture(scope="module")
def member(shared_world: World) -> tuple[Phone, dict[str, str]]:
    """A plain member, and what is there in the same organisation."""
    org = shared_world.organisation()
    site = org.site(admission="assigned")
    zone = org.zone(site, admission="assigned")
    mel = org.person("Mel", scopes=[site, zone])
    return mel, things(org, mel, site, zone)


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED, ids=NAMES)
def test_a_plain_member_manages_nothing(
    member: tuple[Phone, dict[str, str]], method: str, path: str, operation: dict[str, Any]
) -> None:
    if "/admin/" not in path:
        return
    mel, known = member
    answer = asks(mel, method, path, operation, known)
    if operation["operationId"] == "list_managed_sites":
        assert answer.get_json()["items"] == []
    elif operation["operationId"] == "import_collection":  # this looks at each site by itself
        assert [item["outcome"] for item in answer.get_json()["items"]] == ["refused"]
    else:
        assert answer.status_code == 403, answer.get_data(as_text=True)


def asks(
    phone: Phone, method: str, path: str, operation: dict[str, Any], known: dict[str, str]
) -> TestResponse:
    """The request of an operation, made of its examples."""
    content = json_body(operation)
    body = content["example"] if content else {} if method in ("POST", "PUT", "PATCH") else None
    return phone.request(method, filled(path, known) + least_query(operation), body, If_Match="*")
