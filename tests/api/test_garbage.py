"""Whatever is asked, no answer is a fault of ours: paths, queries, cursors, headers and bodies full of garbage."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.operations import OPERATIONS, json_body, least_query
from tests.stories.garbage import ANYTHING, MOMENTS, SEGMENTS, cursors, spoiled
from tests.stories.things import filled, things
from tests.world import Phone, World

Operation = tuple[str, str, dict[str, Any]]
Known = dict[str, str]


def asked_in_the_query(operation: dict[str, Any]) -> list[str]:
    return [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]


def named(operations: list[Operation]) -> Any:
    return pytest.mark.parametrize("operation", operations, ids=[f"{o[0]} {o[1]}" for o in operations])


# A consent of any name may be withdrawn; what a push lets read takes the credential in it.
ALLOWED = {"withdraw_consent": (204, 404), "read_notification_content": (401, 404)}
# What watches over administrators, who ask here.
NOT_THEIRS = ("export_audit",)
WITH_QUERY = [item for item in OPERATIONS if asked_in_the_query(item[2])]
WITH_CURSOR = [item for item in OPERATIONS if "cursor" in asked_in_the_query(item[2])]
WITH_BODY = [item for item in OPERATIONS if json_body(item[2])]


@pytest.fixture(scope="module")
def there(shared_world: World) -> tuple[Phone, Known]:
    """An administrator, and one of everything."""
    org = shared_world.organisation()
    site = org.site()
    return org.admin, things(org, org.person("Thea"), site, org.zone(site))


def is_answered(phone: Phone, method: str, path: str, body: Any = None, **headers: str) -> int:
    """The status, which says whose fault it is; how often one asks is of no matter here."""
    phone.organisation.world.rests()
    answer = phone.request(method, path, body, **({"If_Match": "*"} | headers))
    assert answer.status_code < 500, (method, path[:200], str(body)[:300])
    assert answer.content_length is None or answer.content_length < 100_000
    return answer.status_code


@pytest.mark.parametrize("segment", SEGMENTS)
def test_any_path(there: tuple[Phone, Known], segment: str) -> None:
    phone, _ = there
    for method, path, operation in OPERATIONS:
        if "{" in path:
            content = json_body(operation)
            anything = re.sub(r"\{[^}]*\}", lambda _: segment, path) + least_query(operation)
            status = is_answered(phone, method, anything, content.get("example") if content else None)
            assert status in ALLOWED.get(operation["operationId"], (404,)), (method, path, status)
    for path in (f"/{segment}", f"/docs/{segment}", f"/health/{segment}", f"/v1/{segment}"):
        assert is_answered(phone, "GET", path) == 404


@named(WITH_CURSOR)
def test_any_cursor(there: tuple[Phone, Known], operation: Operation) -> None:
    phone, known = there
    method, path, described = operation
    asked = least_query(described) or "?"
    for cursor in cursors():
        status = is_answered(
            phone, method, f"{filled(path, known)}{asked}&cursor={cursor}".replace("?&", "?")
        )
        assert status in (200, 403, 409, 422)


def test_a_time_in_a_cursor_has_its_offset_and_lies_within_the_calendar(there: tuple[Phone, Known]) -> None:
    phone, _ = there
    refused = [
        cursor
        for cursor in cursors()
        if phone.request("GET", f"/v1/admin/people?cursor={cursor}").status_code == 422
    ]
    assert len(refused) >= len(list(cursors())) - 5  # four within the calendar, and an empty one


@named(WITH_QUERY)
def test_any_query(there: tuple[Phone, Known], operation: Operation) -> None:
    phone, known = there
    method, path, described = operation
    least = dict(pair.split("=", 1) for pair in least_query(described)[1:].split("&") if pair)
    for name in asked_in_the_query(described):
        for value in ANYTHING:
            query = least | {name: quote(str(value)[:5_000])}
            is_answered(
                phone, method, f"{filled(path, known)}?{'&'.join(f'{n}={v}' for n, v in query.items())}"
            )
    for begin in MOMENTS[2:4]:
        is_answered(phone, method, f"{filled(path, known)}?from={begin}&until={MOMENTS[2]}&after={begin}")
    refused = 403 if described["operationId"] in NOT_THEIRS else 422
    assert is_answered(phone, method, f"{filled(path, known)}?%00=1") == refused
    assert is_answered(phone, method, f"{filled(path, known)}?{'x' * 7_000}=%ff") == refused


@named(WITH_BODY)
def test_any_body(there: tuple[Phone, Known], operation: Operation) -> None:
    phone, known = there
    method, path, described = operation
    for body in spoiled(json_body(described)["example"]):
        is_answered(phone, method, filled(path, known) + least_query(described), body)


@pytest.mark.parametrize(
    "header",
    [
        "Authorization",
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "Accept-Language",
        "X-Request-Id",
        "Range",
    ],
)
def test_any_header(there: tuple[Phone, Known], header: str) -> None:
    phone, known = there
    for value in ("", "\xff\xfe", "x" * 8_000, '"', ",;=q", "*", "Bearer \xe9.\xe9.\xe9", "bytes=9-1", "W/"):
        for method, path in (
            ("GET", "/v1/me"),
            ("PATCH", "/v1/admin/sites/{site_id}"),
            ("GET", "/v1/sync?after=0"),
        ):
            body = None if method == "GET" else {"type": "Feature"}
            is_answered(phone, method, filled(path, known), body, **{header.replace("-", "_"): value})
