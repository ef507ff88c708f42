"""What may become of a message, as a closed set, and how the SDK's errors and plain faults map to it."""

import email.utils
import re
from dataclasses import dataclass

import requests
from firebase_admin import exceptions, messaging
from google.auth.exceptions import GoogleAuthError

from base import clock

# As google.rpc.BadRequest names a field: a path of names of the message's own members.
_FIELD = re.compile(r'"field"\s*:\s*"(message(?:\.[a-z_]{1,40}){1,6})"')
_MOST = 10_000
LONGEST_WAIT_S = 28 * 86_400.0  # no message lives longer


@dataclass(frozen=True)
class Sent:
    """FCM took it, under this name."""

    message_id: str


@dataclass(frozen=True)
class Gone:
    """The app was uninstalled or the address replaced: forget the address."""


@dataclass(frozen=True)
class Mismatch:
    """The address belongs to another sender: it was never ours to use."""


@dataclass(frozen=True)
class Refused:
    """FCM will not take this message, now or later; the address may be fine."""

    reason: str


@dataclass(frozen=True)
class Later:
    """Try again, not before `after_s` seconds where the server said so; with `slow_down`, send less of everything."""

    reason: str
    after_s: float | None = None
    slow_down: bool = False


Outcome = Sent | Gone | Mismatch | Refused | Later


def outcome_of(error: Exception) -> Outcome:
    """The outcome that an error of the SDK, of its credentials or of the network stands for."""
    match error:
        case messaging.UnregisteredError():
            return Gone()
        case messaging.SenderIdMismatchError():
            return Mismatch()
        case exceptions.InvalidArgumentError() | ValueError():
            return Refused(_invalid(error))
        case messaging.QuotaExceededError() | exceptions.ResourceExhaustedError():
            return Later("quota_exceeded", retry_after(error.http_response), slow_down=True)
        case messaging.ThirdPartyAuthError():
            return Later("third_party_auth_error")
        case exceptions.FirebaseError():
            return Later(error.code.lower(), retry_after(error.http_response))
        case GoogleAuthError():
            return Later(f"oauth: {type(error).__name__}")
        case _:
            return Later(type(error).__name__)


def _invalid(error: Exception) -> str:
    """The code, and the paths of the fields that FCM names; never its text, which may repeat what they held."""
    response = getattr(error, "http_response", None)
    named = _FIELD.findall(getattr(response, "text", "")[:_MOST])
    return ": ".join(["invalid_argument", *([", ".join(dict.fromkeys(named))[:200]] if named else [])])


def retry_after(response: requests.Response | None) -> float | None:
    """The seconds, up to `LONGEST_WAIT_S`, that a server asks to wait, as a number or as an HTTP date."""
    value = "" if response is None else response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return min(LONGEST_WAIT_S, float(value))
    try:
        wait_s = email.utils.parsedate_to_datetime(value).timestamp() - clock.now().timestamp()
    except (ValueError, OverflowError):
        return None
    return min(LONGEST_WAIT_S, max(0.0, wait_s))
