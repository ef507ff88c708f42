"""What a notification looks like to FCM, and the limits that the SDK does not check.

Size: FCM takes 4,096 bytes of notification and data. The body is cut, at a character that does not tear an emoji or
a composed syllable apart, until the message fits.
"""

import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
from firebase_admin import messaging

MAX_PAYLOAD = 4_096
MAX_TTL = timedelta(days=28)
_ELLIPSIS = "…"
_JOINERS = "\u200d\ufe0f\ufe0e"


class UnsendablePush(Exception):
    """The notification breaks a rule of FCM; it is our own mistake and no address is at fault."""


@dataclass(frozen=True)
class Push:
    """A notification for one device. `ttl` is how long FCM may keep it."""

    address: str
    address_kind: str
    title: str
    body: str
    data: dict[str, str]
    collapse_key: str
    thread_id: str
    ttl: timedelta
    channel: str = "messages"
    urgent: bool = False


def build_message(push: Push) -> messaging.Message:
    """The SDK's message, cut to size; raises `UnsendablePush`."""
    _check(push)
    fitted = _fitted(push)
    target: dict[str, Any] = {push.address_kind: push.address}
    priority = "high" if push.urgent else "normal"
    apns = messaging.APNSConfig(
        headers={"apns-priority": "10" if push.urgent else "5", "apns-collapse-id": push.collapse_key[:64]},
        payload=messaging.APNSPayload(aps=_aps(push)),
    )
    android = messaging.AndroidConfig(
        collapse_key=push.collapse_key,
        priority=priority,
        ttl=push.ttl,
        notification=messaging.AndroidNotification(channel_id=push.channel, tag=push.collapse_key),
    )
    notification = messaging.Notification(title=fitted.title, body=fitted.body)
    return messaging.Message(
        notification=notification, data=fitted.data, android=android, apns=apns, **target
    )


def _aps(push: Push) -> messaging.Aps:
    """What iOS does with it; an urgent one sounds and breaks through a focus."""
    urgent: dict[str, Any] = (
        {"sound": "default", "custom_data": {"interruption-level": "time-sensitive"}} if push.urgent else {}
    )
    return messaging.Aps(thread_id=push.thread_id, mutable_content=True, **urgent)


def payload_size(push: Push) -> int:
    """The bytes that count against FCM's limit."""
    return len(orjson.dumps({"notification": {"title": push.title, "body": push.body}, "data": push.data}))


def cut(text: str, length: int) -> str:
    """The first `length` characters at most, never ending inside a visible character, with an ellipsis."""
    if len(text) <= length:
        return text
    end = max(0, length - 1)
    while end > 0 and (_continues(text[end]) or text[end - 1] in _JOINERS):
        end -= 1
    return text[:end].rstrip() + _ELLIPSIS


def _continues(character: str) -> bool:
    """Whether a character belongs to the one before it: accents, joiners, skin tones, Korean vowels and finals."""
    if character in _JOINERS or unicodedata.combining(character):
        return True
    code = ord(character)
    return 0x1F3FB <= code <= 0x1F3FF or 0x1160 <= code <= 0x11FF


def _fitted(push: Push) -> Push:
    low, high = 0, len(push.body)
    if payload_size(push) <= MAX_PAYLOAD:
        return push
    while low < high:
        middle = (low + high + 1) // 2
        if payload_size(replace(push, body=cut(push.body, middle))) <= MAX_PAYLOAD:
            low = middle
        else:
            high = middle - 1
    fitted = replace(push, body=cut(push.body, low))
    if payload_size(fitted) > MAX_PAYLOAD:
        raise UnsendablePush("title and data alone are too large")
    return fitted


def _check(push: Push) -> None:
    for key in push.data:
        if key in ("from", "message_type") or key.startswith(("google.", "gcm.")):
            raise UnsendablePush(f"FCM keeps the data key {key} for itself")
    if not timedelta(0) <= push.ttl <= MAX_TTL:
        raise UnsendablePush("a ttl goes from 0 to 28 days")
    if push.address_kind not in ("token", "fid"):
        raise UnsendablePush(f"an address is a token or a fid, not a {push.address_kind}")
