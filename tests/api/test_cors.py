"""Pages of other addresses: those of listed origins may read answers, over HTTP and on sockets, and no others."""

from collections.abc import Iterator

import pytest
import requests
from flask import Flask

from api.app import create_app
from api.resources import DECLARATIONS
from base.settings import load_settings
from tests.api.operations import UNCONNECTED
from tests.product import Product

APP = "https://app.example"
LOOKALIKES = [
    "null",
    "https://app.example.evil.com",
    "https://APP.example",
    "https://app.example.",
    "http://app.example",
]
SOCKET = {"EIO": "4", "transport": "polling"}


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(load_settings({**UNCONNECTED, "ALLOWED_ORIGINS": APP}))


@pytest.fixture(scope="module")
def address(product: Product) -> Iterator[str]:
    """A web process with a list."""
    (address,) = product.start_other_webs("listed", ALLOWED_ORIGINS=APP)
    yield address
    product.stop_part("listed")


def asks_first(app: Flask, path: str, origin: str, method: str = "PATCH") -> dict[str, str]:
    """What a browser is answered that asks whether a page may send a request."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    answer = app.test_client().options(
        path, headers={**asked, "Access-Control-Request-Headers": "authorization"}
    )
    assert answer.status_code == 204
    assert answer.data == b""
    return dict(answer.headers)


def test_every_route_answers_a_browser_that_asks_first_without_a_token(app: Flask) -> None:
    for name in app.extensions[DECLARATIONS]:
        rule = next(app.url_map.iter_rules(name))
        path = rule.rule.replace("<uuid:", "<").replace("<", "").replace(">", "")
        headers = asks_first(app, path, APP)
        assert headers["Access-Control-Allow-Origin"] == APP
        assert app.extensions[DECLARATIONS][name].method in headers["Access-Control-Allow-Methods"]
        for needed in ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"):
            assert needed in headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("origin", LOOKALIKES)
def test_a_browser_that_asks_for_another_page_is_told_nothing(app: Flask, origin: str) -> None:
    headers = asks_first(app, "/v1/me", origin)
    assert not [name for name in headers if name.startswith("Access-Control-")]
    assert "Origin" in headers["Vary"]


@pytest.mark.parametrize("path", ["/v1/me", "/v1/nothing", "/openapi.json", "/health/live"])
def test_answers_name_the_pages_origin_and_refusals_too(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, headers={"Origin": APP})
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "Origin" in answer.headers["Vary"]
    told = answer.headers["Access-Control-Expose-Headers"]
    for name in ("ETag", "Location", "Retry-After", "RateLimit", "Idempotent-Replayed", "X-Request-Id"):
        assert name in told.split(", ")


@pytest.mark.parametrize("headers", [{}, *({"Origin": origin} for origin in LOOKALIKES)])
def test_nobody_else_is_named_and_nothing_is_allowed_with_credentials(
    app: Flask, headers: dict[str, str]
) -> None:
    answer = app.test_client().get("/health/live", headers=headers)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert "Origin" in answer.headers["Vary"]
    listed = app.test_client().get("/health/live", headers={"Origin": APP})
    assert "Access-Control-Allow-Credentials" not in listed.headers


def test_an_options_request_that_no_browser_sends_is_answered_as_ever(app: Flask) -> None:
    answer = app.test_client().options("/v1/me")
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (200, True)


def test_sockets_of_listed_pages_our_own_and_of_phones_are_opened(address: str) -> None:
    for headers in ({}, {"Origin": APP}, {"Origin": address}):
        answer = requests.get(f"{address}/socket.io/", params=SOCKET, headers=headers, timeout=60)
        assert answer.status_code == 200
        assert answer.headers.get("Access-Control-Allow-Origin") == headers.get("Origin")
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [*LOOKALIKES, "", "http://127.0.0.1"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_that_is_not_listed_gets_no_socket(address: str, origin: str, method: str) -> None:
    answer = requests.request(
        method, f"{address}/socket.io/", params=SOCKET, headers={"Origin": origin}, timeout=60
    )
    assert answer.status_code == 400
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize(("origin", "status"), [(APP, 101), ("https://evil.com", 400), ("null", 400)])
def test_a_websocket_is_held_to_the_list_too(address: str, origin: str, status: int) -> None:
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": origin,
    }
    url = f"{address}/socket.io/?EIO=4&transport=websocket"
    with requests.get(url, headers=headers, timeout=60, stream=True) as answer:
        assert answer.status_code == status


def test_without_a_list_there_is_the_servers_own_page_alone(product: Product) -> None:
    url = f"{product.address}/socket.io/"
    assert requests.get(url, params=SOCKET, headers={"Origin": product.address}, timeout=60).ok
    assert requests.get(url, params=SOCKET, headers={"Origin": APP}, timeout=60).status_code == 400
