"""Origins: listed ones and one's own, written exactly as browsers write them, and no others."""

import pytest

from base.origins import is_welcome, own_origin, parse_origins
from base.settings import SettingsError, load_settings

GOOD = {"DATABASE_URL": "postgresql://localhost/x", "SECRET_KEY": "s" * 32}
LISTED = parse_origins("https://app.example, http://localhost:5173,capacitor://localhost")
HERE = {"wsgi.url_scheme": "http", "HTTP_HOST": "api.example:8000"}


@pytest.mark.parametrize(
    "origin",
    ["https://app.example", "http://localhost:5173", "capacitor://localhost", "http://api.example:8000"],
)
def test_listed_origins_and_our_own_are_welcome(origin: str) -> None:
    assert is_welcome(origin, HERE, LISTED, 0)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example:443",
        "https://app.example.",
        "https://app.example/",
        "https://app.example/path",
        "https://APP.example",
        "HTTPS://app.example",
        "https://app.example.evil.com",
        "https://evil-app.example",
        "https://app.exampleevil.com",
        "https://evil.com#https://app.example",
        "https://app.example@evil.com",
        "https://app.example https://evil.com",
        "https://app.example,https://evil.com",
        "https://evil.com,https://app.example",
        "https://sub.app.example",
        "https://аpp.example",  # the first letter is Cyrillic
        "http://api.example",
        "https://api.example:8000",
        "http://api.example:8001",
        "http://api.example.:8000",
        "ttp://api.example:8000",
    ],
)
def test_what_only_looks_like_one_is_not(origin: str) -> None:
    assert not is_welcome(origin, HERE, LISTED, 0)


def test_without_a_list_there_is_our_own_alone() -> None:
    none = parse_origins("")
    assert none == frozenset()
    assert is_welcome("http://api.example:8000", HERE, none, 0)
    assert not is_welcome("https://app.example", HERE, none, 0)


def test_a_request_without_a_host_has_no_origin_of_its_own() -> None:
    assert not is_welcome("null", {}, LISTED, 0)
    assert not is_welcome("", {}, LISTED, 0)


@pytest.mark.parametrize(
    ("environ", "proxies", "own"),
    [
        ({"wsgi.url_scheme": "https", "HTTP_HOST": "Api.Example:443"}, 0, "https://api.example"),
        ({"wsgi.url_scheme": "http", "HTTP_HOST": "api.example:80"}, 0, "http://api.example"),
        ({"wsgi.url_scheme": "http", "HTTP_HOST": "[::1]:8000"}, 0, "http://[::1]:8000"),
        ({**HERE, "HTTP_X_FORWARDED_PROTO": "https"}, 0, "http://api.example:8000"),
        ({**HERE, "HTTP_X_FORWARDED_PROTO": "https"}, 1, "https://api.example:8000"),
        (
            {
                **HERE,
                "HTTP_X_FORWARDED_PROTO": "evil, https",
                "HTTP_X_FORWARDED_HOST": "evil.com, app.example",
            },
            1,
            "https://app.example",
        ),
        (
            {**HERE, "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "a"},
            2,
            "http://api.example:8000",
        ),
    ],
)
def test_our_own_is_what_trusted_proxies_say_and_no_others(
    environ: dict[str, str], proxies: int, own: str
) -> None:
    assert own_origin(environ, proxies) == own


def test_a_list_may_be_written_as_people_write() -> None:
    assert parse_origins(" HTTPS://App.Example:443 ,http://a:80,") == {"https://app.example", "http://a"}


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        "app.example",
        "https://*.example",
        "https://app.example/",
        "https://app.example.",
        "https://user@app.example",
        "https://app.example:99999",
        "https://",
        "https://a b",
        "https://a;https://b",
    ],
)
def test_a_list_with_what_is_no_origin_is_a_mistake(value: str) -> None:
    with pytest.raises(SettingsError, match="ALLOWED_ORIGINS"):
        load_settings({**GOOD, "ALLOWED_ORIGINS": value})
