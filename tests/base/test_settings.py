"""Settings: all mistakes at once."""

import pytest

from base.settings import SettingsError, load_settings

GOOD = {"DATABASE_URL": "postgresql://localhost/x", "SECRET_KEY": "s" * 32}


def test_defaults_are_filled_in() -> None:
    settings = load_settings(GOOD)
    assert (settings.port, settings.access_token_ttl) == (8000, 900)
    assert settings.worker_database_url == settings.database_url


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(SettingsError) as told:
        load_settings(
            {"DATABASE_URL": "mysql://x", "PORT": "70000", "LOG_LEVEL": "LOUD", "FIREBASE_CREDENTIALS": "/no"}
        )
    for name in ("DATABASE_URL", "SECRET_KEY is missing", "PORT", "LOG_LEVEL", "FIREBASE_CREDENTIALS"):
        assert name in str(told.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://host"),
        ("DATABASE_URL", "postgresql://host:port/x"),
        ("DATABASE_URL", "postgresql://u:p@ss:word@host:5432x/x"),
        ("OWNER_DATABASE_URL", ""),
        ("REDIS_URL", "redis://host:port"),
        ("FCM_ENDPOINT", "localhost:80"),
        ("FCM_ENDPOINT", "http://[::1"),
        ("PORT", "--1"),
        ("PORT", "1.5"),
    ],
)
def test_what_cannot_be_read_is_a_mistake_and_no_fault(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({**GOOD, name: value})


@pytest.mark.parametrize(
    "url", ["postgresql:///x", "postgresql+psycopg2://r@/x?host=/run", "postgresql://?service=ours"]
)
def test_urls_that_name_a_database_are_good(url: str) -> None:
    assert load_settings({**GOOD, "DATABASE_URL": url}).database_url.startswith("postgresql+psycopg2://")
