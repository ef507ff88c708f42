"""Settings come from the environment, once, into one typed object; all mistakes are told together."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from base.carriers import parse_gateway_token, parse_gateway_url, parse_sender, parse_smtp_url
from base.origins import parse_origins, parse_passkey_origins

_URL_LOOKS = (
    "looks like postgresql+psycopg2://ROLE:PASSWORD@HOST:PORT/DATABASE, with %.. for special characters"
)


class SettingsError(Exception):
    """The environment does not make sense; the text has one line a mistake."""


@dataclass(frozen=True)
class Settings:
    """What the processes are told from outside. Durations are seconds."""

    database_url: str
    worker_database_url: str
    owner_database_url: str
    admin_database_url: str | None
    redis_url: str | None
    redis_silence: int
    secret_key: str
    former_secret_key: str | None
    host: str
    port: int
    web_name: str
    allowed_origins: frozenset[str]
    passkey_rp_id: str | None
    passkey_origins: tuple[str, ...]
    public_url: str | None
    header_timeout: int
    transfer_timeout: int
    keep_alive: int
    connections_per_address: int | None
    pool_size: int
    access_token_ttl: int
    session_ttl: int
    password_memory_kib: int
    pace: int
    firebase_credentials: Path | None
    firebase_project_id: str | None
    fcm_endpoint: str | None
    fcm_transport: str
    push_threads: int
    smtp_url: str | None
    mail_from: str | None
    sms_gateway_url: str | None
    sms_gateway_token: str | None
    metrics_host: str
    metrics_port: int | None
    web_metrics_port: int | None
    trusted_proxies: int
    log_level: str
    log_format: str


def _text(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


def _postgres_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgresql+psycopg2://")):
        raise ValueError("must start with postgresql+psycopg2://")
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError(f"cannot be read; it {_URL_LOOKS}") from None
    if not (url.database or {"dbname", "service"} & set(url.query)):
        raise ValueError(f"names no database; it {_URL_LOOKS}")
    return value.replace("postgresql://", "postgresql+psycopg2://", 1)


def _redis_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must start with redis://, rediss:// or unix://")
    return _readable_url(value)


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return _readable_url(value)


def _readable_url(value: str) -> str:
    try:
        urlsplit(value).port  # noqa: B018 - reading it is what may fail
    except ValueError:
        raise ValueError("cannot be read as a URL") from None
    return value


def _name(value: str) -> str:
    if not (value.isascii() and value.isalnum()):
        raise ValueError("must be letters and digits")
    return value


def _domain(value: str) -> str:
    labels = value.split(".")
    if value != value.lower() or not all(
        re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", each) for each in labels
    ):
        raise ValueError("must be a domain in small letters, like hereabouts.example")
    return value


def _secret(value: str) -> str:
    if len(value) < 32:
        raise ValueError("must have at least 32 characters")
    return value


def _whole(value: str, low: int, high: int) -> int:
    number = int(value) if value.lstrip("-").isdecimal() else None
    if number is None or not low <= number <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return number


def _file(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise ValueError(f"names no file: {value}")
    return path


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return value


_REQUIRED = object()
_Field = tuple[str, Callable[[str], Any], Any]
_FIELDS: dict[str, _Field] = {
    "database_url": ("DATABASE_URL", _postgres_url, _REQUIRED),
    "worker_database_url": ("WORKER_DATABASE_URL", _postgres_url, None),
    "owner_database_url": ("OWNER_DATABASE_URL", _postgres_url, None),
    "admin_database_url": ("ADMIN_DATABASE_URL", _postgres_url, None),
    "redis_url": ("REDIS_URL", _redis_url, None),
    "redis_silence": ("REDIS_SILENCE", partial(_whole, low=1, high=60), 10),
    "secret_key": ("SECRET_KEY", _secret, _REQUIRED),
    "former_secret_key": ("FORMER_SECRET_KEY", _secret, None),
    "host": ("HOST", _text, "127.0.0.1"),
    "port": ("PORT", partial(_whole, low=0, high=65535), 8000),
    "web_name": ("WEB_NAME", _name, ""),
    "allowed_origins": ("ALLOWED_ORIGINS", parse_origins, frozenset()),
    "passkey_rp_id": ("PASSKEY_RP_ID", _domain, None),
    "passkey_origins": ("PASSKEY_ORIGINS", parse_passkey_origins, ()),
    "public_url": ("PUBLIC_URL", _http_url, None),
    "header_timeout": ("HEADER_TIMEOUT", partial(_whole, low=1, high=600), 15),
    "transfer_timeout": ("TRANSFER_TIMEOUT", partial(_whole, low=1, high=600), 20),
    "keep_alive": ("KEEP_ALIVE", partial(_whole, low=1, high=3_600), 75),
    "connections_per_address": ("CONNECTIONS_PER_ADDRESS", partial(_whole, low=0, high=1_000_000), None),
    "pool_size": ("POOL_SIZE", partial(_whole, low=1, high=500), 20),
    "access_token_ttl": ("ACCESS_TOKEN_TTL", partial(_whole, low=1, high=900), 900),
    "session_ttl": ("SESSION_TTL", partial(_whole, low=60, high=31_536_000), 7_776_000),
    "password_memory_kib": ("PASSWORD_MEMORY_KIB", partial(_whole, low=8, high=1_048_576), 65_536),
    "pace": ("PACE", partial(_whole, low=0, high=1_000), 1),
    "firebase_credentials": ("FIREBASE_CREDENTIALS", _file, None),
    "firebase_project_id": ("FIREBASE_PROJECT_ID", _text, None),
    "fcm_endpoint": ("FCM_ENDPOINT", _http_url, None),
    "fcm_transport": ("FCM_TRANSPORT", partial(_one_of, choices=("threads", "multiplexed")), "multiplexed"),
    "push_threads": ("PUSH_THREADS", partial(_whole, low=1, high=128), 4),
    "smtp_url": ("SMTP_URL", parse_smtp_url, None),
    "mail_from": ("MAIL_FROM", parse_sender, None),
    "sms_gateway_url": ("SMS_GATEWAY_URL", parse_gateway_url, None),
    "sms_gateway_token": ("SMS_GATEWAY_TOKEN", parse_gateway_token, None),
    "metrics_host": ("METRICS_HOST", _text, "127.0.0.1"),
    "metrics_port": ("METRICS_PORT", partial(_whole, low=1, high=65_535), None),
    "web_metrics_port": ("WEB_METRICS_PORT", partial(_whole, low=1, high=65_535), None),
    "trusted_proxies": ("TRUSTED_PROXIES", partial(_whole, low=0, high=5), 0),
    "log_level": ("LOG_LEVEL", partial(_one_of, choices=("DEBUG", "INFO", "WARNING", "ERROR")), "INFO"),
    "log_format": ("LOG_FORMAT", partial(_one_of, choices=("json", "text")), "json"),
}
# What is of no use alone.
_TOGETHER = (("smtp_url", "mail_from"), ("sms_gateway_url", "sms_gateway_token"))


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read all settings; raises `SettingsError` that names every mistake, not only the first."""
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for field, (name, parse, default) in _FIELDS.items():
        raw = environ.get(name)
        if raw is None:
            values[field] = default
            if default is _REQUIRED:
                mistakes.append(f"{name} is missing")
            continue
        try:
            values[field] = parse(raw)
        except ValueError as mistake:
            mistakes.append(f"{name} {mistake}")
    for pair in _TOGETHER:
        names = [_FIELDS[field][0] for field in pair]
        if len([name for name in names if name in environ]) == 1:
            mistakes.append(f"{names[0]} and {names[1]} go together")
    if mistakes:
        raise SettingsError("The settings do not make sense:\n  " + "\n  ".join(mistakes))
    for role in ("worker_database_url", "owner_database_url"):
        values[role] = values[role] or values["database_url"]
    return Settings(**values)


def settings_or_exit(environ: Mapping[str, str]) -> Settings:
    """The settings; where they make no sense, the process ends with all mistakes told, and code 1."""
    try:
        return load_settings(environ)
    except SettingsError as mistakes:
        sys.exit(str(mistakes))


def owner_url_or_exit(environ: Mapping[str, str]) -> str:
    """The database as its owner: all that migrations need to be told. Ends the process where it makes no sense."""
    name = "OWNER_DATABASE_URL" if "OWNER_DATABASE_URL" in environ else "DATABASE_URL"
    if name not in environ:
        sys.exit("OWNER_DATABASE_URL is missing")
    try:
        return _postgres_url(environ[name])
    except ValueError as mistake:
        sys.exit(f"{name} {mistake}")
