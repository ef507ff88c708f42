"""What is there, and not for somebody to know of, is answered as what is not there, after the same statements.

Ollie belongs to the organisation and to none of its places. Every route with an id in its path is asked for what is
there, and for what is not.
"""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.operations import OPERATIONS, json_body, least_query
from tests.stories.statements import statements
from tests.stories.things import filled, things
from tests.world import Phone, World

WITH_IDS = [
    (method, path, operation)
    for method, path, operation in OPERATIONS
    if "{" in path and operation["x-permission"] != "public"
]
NAMES = [f"{method} {path}" for method, path, _ in WITH_IDS]


@pytest.fixture(scope="module")
def ollie(shared_world: World) -> tuple[Phone, dict[str, str]]:
    """Somebody of the same organisation, and what there is in a site that is none of theirs."""
    org = shared_world.organisation()
    site = org.site(admission="assigned")
    zone = org.zone(site, admission="assigned")
    mel = org.person("Mel", scopes=[site, zone])
    return org.person("Ollie"), things(org, mel, site, zone)


def asked(
    phone: Phone, method: str, path: str, operation: dict[str, Any], known: dict[str, str]
) -> tuple[int, list[str]]:
    content = json_body(operation)
    body = content["example"] if content else {} if method in ("POST", "PUT", "PATCH") else None
    with statements(phone.organisation.world.web.engine) as heard:
        answer = phone.request(method, filled(path, known) + least_query(operation), body, If_Match="*")
    return answer.status_code, sorted(statement for statement, _ in heard)


@pytest.mark.parametrize(("method", "path", "operation"), WITH_IDS, ids=NAMES)
def test_what_is_not_for_one_to_know_takes_what_absence_takes(
    ollie: tuple[Phone, dict[str, str]], method: str, path: str, operation: dict[str, Any]
) -> None:
    phone, known = ollie
    nothing = {name: str(uuid4()) if name.endswith("_id") else value for name, value in known.items()}
    status, most = asked(phone, method, path, operation, known)
    absent, least = asked(phone, method, path, operation, nothing)
    if status == 404:
        assert absent == 404
        assert most == least
