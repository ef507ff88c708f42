"""Where mails and short messages are handed over, as settings tell it.

    SMTP_URL           smtps://USER:PASSWORD@HOST:465, or smtp://USER:PASSWORD@HOST:587 with STARTTLS
    MAIL_FROM          Hereabouts <no-reply@example.com>
    SMS_GATEWAY_URL    https://HOST/PATH

Nothing of them goes over a network in clear: `smtp://` insists on STARTTLS and the gateway on https, but for a server
on the same machine. Mistakes are `ValueError`s with half a sentence, as `base/settings.py` tells them; none of them
repeats what was given, which may hold a password.
"""

import re
from email.utils import parseaddr
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_HERE = ("127.0.0.1", "::1", "localhost")
_PORTS = {"smtp": 587, "smtps": 465}
_PLAIN_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]+@[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]+")
_VISIBLE = re.compile(r"[\x21-\x7e]+")


class MailServer(NamedTuple):
    """A server that takes mails. `tls`: from the first byte; `starttls`: asked for, and insisted on."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool


class Sender(NamedTuple):
    """Whom mails are from: a name, perhaps empty, and an address."""

    name: str
    address: str


def mail_server(url: str) -> MailServer:
    """What an `SMTP_URL` names; raises `ValueError`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("cannot be read as a URL") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError("must look like smtps://USER:PASSWORD@HOST:465 or smtp://USER:PASSWORD@HOST:587")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("has nothing behind the port; special characters are written as %..")
    user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
    if (user is None) is not (password is None):
        raise ValueError("names a user and a password, or neither")
    tls = parts.scheme == "smtps"
    return MailServer(
        host, port or _PORTS[parts.scheme], user, password, tls, starttls=not tls and host not in _HERE
    )


def sender(given: str) -> Sender:
    """Whom `MAIL_FROM` names; raises `ValueError`."""
    name, address = parseaddr(given)
    if not is_plain_address(address) or any(each < " " for each in given):
        raise ValueError("must look like no-reply@example.com or Hereabouts <no-reply@example.com>")
    return Sender(name, address)


def is_plain_address(address: str) -> bool:
    """Whether it is one e-mail address that means the same to everybody who reads it: nothing quoted, no second one."""
    return _PLAIN_ADDRESS.fullmatch(address) is not None


def parse_smtp_url(value: str) -> str:
    """The value, if it names a mail server."""
    mail_server(value)
    return value


def parse_sender(value: str) -> str:
    """The value, if it names a sender."""
    sender(value)
    return value


def parse_gateway_url(value: str) -> str:
    """The value, if it is a URL to which a token may be sent."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what may fail
    except ValueError:
        raise ValueError("cannot be read as a URL") from None
    if not parts.hostname or parts.scheme not in ("http", "https") or _VISIBLE.fullmatch(value) is None:
        raise ValueError("must start with https://")
    if parts.scheme == "http" and parts.hostname not in _HERE:
        raise ValueError("must start with https://, for a token goes with it")
    if parts.username is not None or parts.password is not None:
        raise ValueError("has no user in it: SMS_GATEWAY_TOKEN is what is sent")
    return value


def parse_gateway_token(value: str) -> str:
    """The value, if it can stand in a header."""
    if _VISIBLE.fullmatch(value) is None:
        raise ValueError("must be visible characters without spaces")
    return value
