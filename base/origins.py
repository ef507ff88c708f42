"""Where a request comes from, and which web pages may ask: those of our own address and of origins in the settings.

An origin is compared as browsers write it: `scheme://host`, in small letters, with a port where it is not the scheme's
own. Whatever is written otherwise is no origin that we know; neither is `null`, as every sandboxed page calls itself.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:[0-9]{1,5})?")
_ANDROID = re.compile(r"android:apk-key-hash:[A-Za-z0-9_-]{43}")


def parse_origins(value: str) -> frozenset[str]:
    """The origins of a list with commas, as browsers write them; raises ValueError where one is none."""
    return frozenset(_parsed(part.strip()) for part in value.split(",") if part.strip())


def parse_passkey_origins(value: str) -> tuple[str, ...]:
    """What may ask for passkeys, as authenticators name it: pages, and apps by the digest of who signed them.

    Raises ValueError where one is neither. Passkeys work over TLS alone, but on the machine itself.
    """
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return tuple(part if _ANDROID.fullmatch(part) else _secure(_parsed(part)) for part in parts)


def _secure(origin: str) -> str:
    parts = urlsplit(origin)
    if parts.scheme != "https" and parts.hostname != "localhost":
        raise ValueError(f"must be origins with https, or android:apk-key-hash:…; this is none: {origin}")
    return origin


def _parsed(text: str) -> str:
    origin = text.lower()
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(
            f"must be origins like https://app.example, with commas between them; this is none: {text}"
        )
    parts = urlsplit(origin)
    port = parts.port  # raises ValueError beyond 65535
    return origin.rpartition(":")[0] if port is not None and port == _PORTS.get(parts.scheme) else origin


def is_welcome(origin: str, environ: Mapping[str, Any], listed: frozenset[str], proxies: int) -> bool:
    """Whether a page of this origin may ask: it is listed, or of the address that the request was sent to.

    Behind trusted proxies scheme and host are what they say of the request.
    """
    return origin in listed or origin == own_origin(environ, proxies)


def own_origin(environ: Mapping[str, Any], proxies: int) -> str:
    """The origin that a request of WSGI was sent to."""
    scheme = _told(environ, "HTTP_X_FORWARDED_PROTO", proxies) or environ.get("wsgi.url_scheme", "http")
    host = _told(environ, "HTTP_X_FORWARDED_HOST", proxies) or environ.get("HTTP_HOST", "")
    host, scheme = host.lower(), scheme.lower()
    return f"{scheme}://{host.removesuffix(f':{_PORTS.get(scheme)}')}"


def address_of(environ: Mapping[str, Any], proxies: int) -> str | None:
    """The network address that a request of WSGI came from; behind trusted proxies what they say of it."""
    return _told(environ, "HTTP_X_FORWARDED_FOR", proxies) or environ.get("REMOTE_ADDR")


def _told(environ: Mapping[str, Any], name: str, proxies: int) -> str:
    """What the outermost of the trusted proxies says; what stands before it in the header anybody may have written."""
    said = [part.strip() for part in environ.get(name, "").split(",")]
    return said[-proxies] if 0 < proxies <= len(said) else ""
