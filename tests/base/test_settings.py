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
