"""What browsers are told with every answer, whatever became of the request."""

import re

import pytest

from tests.world import World

NOTHING = "default-src 'none'"
ANSWERS = [
    "/health/live",
    "/openapi.json",
    "/v1/me",
    "/v1/nothing",
    "/docs/../etc/passwd",
    "/docs/",
    "/docs/start.js",
]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_says_that_nothing_of_it_runs_elsewhere(world: World, path: str) -> None:
    headers = world.app.test_client().get(path).headers
    assert headers["Content-Security-Policy"].startswith(NOTHING)
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_an_answer_of_data_may_load_nothing_at_all(world: World) -> None:
    policy = world.app.test_client().get("/v1/me").headers["Content-Security-Policy"]
    assert "'self'" not in policy


def test_a_page_runs_files_of_its_own_address_and_nothing_within_it(world: World) -> None:
    answer = world.app.test_client().get("/docs/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    page = answer.get_data(as_text=True)
    assert re.findall(r"<script(?![^>]*src=)", page) == []
    assert re.findall(r"<style|style=| on[a-z]+=", page) == []


@pytest.mark.parametrize(
    "name", ["oauth2-redirect.html", "swagger-ui.js", "LICENSE", "..%2f__init__.py", "index.html"]
)
def test_the_page_has_no_other_files(world: World, name: str) -> None:
    assert world.app.test_client().get(f"/docs/{name}").status_code == 404


def test_only_a_line_that_is_safe_promises_to_stay_so(world: World) -> None:
    client = world.app.test_client()
    assert "Strict-Transport-Security" not in client.get("/health/live").headers
    safe = client.get("/health/live", base_url="https://here.example").headers
    assert re.fullmatch(r"max-age=\d{8,}", safe["Strict-Transport-Security"])
