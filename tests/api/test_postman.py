"""The Postman collection is what the API document and the flows say, and an operator may run it again and again."""

import json
import re
from collections.abc import Iterator
from typing import Any

from postman.build import TARGET, built, flows

_OWN = {
    "client_id",
    "post_client_id",
    "parent_client_id",
    "installation_id",
    "address",
    "external_id",
    "email",
}
_FLOWS: list[dict[str, Any]] = flows()


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """All members of an object, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def test_the_collection_is_up_to_date() -> None:
    assert TARGET.read_text() == built(), "run `make collection`"


def test_each_run_begins_with_a_name_of_its_own() -> None:
    assert [step["name"] for step in _FLOWS if "begins" in step] == [_FLOWS[0]["name"]]
    first = json.loads(TARGET.read_text())["item"][0]["item"][0]
    scripts = {event["listen"]: event["script"]["exec"] for event in first["event"]}
    assert scripts["prerequest"] == [
        "pm.collectionVariables.set('run', pm.variables.replaceIn('{{$guid}}'));"
    ]


def test_what_a_server_takes_once_is_the_runs_own() -> None:
    said = [(name, value) for step in _FLOWS for name, value in members(step.get("body")) if name in _OWN]
    assert said
    for name, value in said:
        assert "{{" in value, f"{name} {value} is the same in every run"


def test_lists_that_others_write_to_are_searched() -> None:
    for step in _FLOWS:
        shared = step["path"].startswith(("/v1/feed", "/v1/me/notices", "/v1/me/notifications", "/v1/sync"))
        by_place = [path for path in step.get("expect", {}) if re.match(r"items\.\d", path)]
        assert not (shared and by_place), step["name"]
