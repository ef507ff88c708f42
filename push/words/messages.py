"""What a notification looks like to FCM, and the limits that the SDK does not check.

Size: FCM takes 4,096 bytes of notification and data, and APNs 4,096 of its own payload with them: all are counted
together. The body is cut, where it tears no visible character, until the message fits.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import orjson
from firebase_admin import messaging

from base import clock
from push.words.graphemes import cut, cut_to_bytes

__all__ = [
    "MAX_PAYLOAD",
    "MESSAGE",
    "Push",
    "Style",
    "UnsendablePush",
    "build_message",
    "cut",
    "payload_size",
]
MAX_PAYLOAD = 4_096
MAX_TTL = timedelta(days=28)
_ROOM_FOR_APS = 256  # thread, badge, sound, level, relevance
_RESERVED = ("google.", "gcm.")


class UnsendablePush(Exception):
    """The notification breaks a rule of FCM; it is our own mistake and no address is at fault."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a phone shows a kind of notification. `importance` is Android's, `level` (of interruption) iOS's."""

    channel: str
    importance: str
    level: str
    relevance: float
    sound: bool
    high: bool = True


MESSAGE = Style("messages", "default", "active", 0.3, sound=False)


@dataclass(frozen=True, slots=True)
class Push:
    """A notification for one device. `ttl` is how long FCM may keep it. `silent`: nothing is shown by itself.

    `android_collapse`: whether an undelivered one is replaced at FCM by the next with its key. FCM keeps four such
    keys for a phone and loses the others, so what must not be lost has none; the phone replaces by tag anyway.
    """

    address: str
    address_kind: str
    title: str
    body: str
    data: dict[str, str]
    collapse_key: str
    thread_id: str
    ttl: timedelta
    style: Style = MESSAGE
    badge: int | None = None
    silent: bool = False
    only_data_on_android: bool = False
    android_collapse: bool = False


def build_message(push: Push) -> messaging.Message:
    """The SDK's message, cut to size; raises `UnsendablePush`."""
    _check(push)
    target: dict[str, Any] = {push.address_kind: push.address}
    if push.silent:
        return messaging.Message(
            data=push.data, android=_android(push, None), apns=_apns(push, None), **target
        )
    body = _fitted(push)
    if push.only_data_on_android:
        alert = messaging.ApsAlert(title=push.title, body=body or None)
        return messaging.Message(
            data=push.data, android=_android(push, None), apns=_apns(push, alert), **target
        )
    shown = messaging.AndroidNotification(
        channel_id=push.style.channel,
        tag=push.collapse_key,
        priority=push.style.importance,
        notification_count=push.badge,
        visibility="private",
    )
    notification = messaging.Notification(title=push.title, body=body or None)
    return messaging.Message(
        notification=notification,
        data=push.data,
        android=_android(push, shown),
        apns=_apns(push, None),
        **target,
    )


def _android(push: Push, shown: messaging.AndroidNotification | None) -> messaging.AndroidConfig:
    return messaging.AndroidConfig(
        collapse_key=push.collapse_key if push.android_collapse else None,
        priority="high" if push.style.high and not push.silent else "normal",
        ttl=push.ttl,
        notification=shown,
    )


def _apns(push: Push, alert: messaging.ApsAlert | None) -> messaging.APNSConfig:
    """A silent one is `background` with priority 5: Apple takes it no other way. With a badge it is an `alert` that
    shows and sounds nothing, for the badge is set also where the app was swiped away."""
    background = push.silent and push.badge is None
    headers = {
        "apns-push-type": "background" if background else "alert",
        "apns-priority": "10" if push.style.high and not push.silent else "5",
        "apns-expiration": str(int((clock.now() + push.ttl).timestamp())),
        "apns-collapse-id": push.collapse_key,
    }
    if push.silent:
        aps = messaging.Aps(content_available=True, badge=push.badge)
    else:
        aps = messaging.Aps(
            alert=alert,
            badge=push.badge,
            sound="default" if push.style.sound else None,
            thread_id=push.thread_id,
            mutable_content=True,
            custom_data={"interruption-level": push.style.level, "relevance-score": push.style.relevance},
        )
    return messaging.APNSConfig(headers=headers, payload=messaging.APNSPayload(aps=aps))


def payload_size(push: Push) -> int:
    """The bytes of what is shown and of the data, without what APNs has of its own."""
    shown = {"title": push.title, "body": push.body}
    return len(orjson.dumps({"notification": shown, "data": push.data}))


def _fitted(push: Push) -> str:
    """The body, cut to what the rest leaves of the payload, in steps so that recipients share the work."""
    rest = 64 + sum(len(key) + len(value.encode()) + 6 for key, value in push.data.items())
    rest += len(push.thread_id.encode())
    room = MAX_PAYLOAD - _ROOM_FOR_APS - rest - _title_bytes(push.title)
    if room < 0:
        raise UnsendablePush("title and data alone are too large")
    return _cut(push.body, room - room % 64)


@lru_cache(maxsize=1_024)
def _title_bytes(title: str) -> int:
    return len(orjson.dumps(title))


_cut = lru_cache(maxsize=1_024)(cut_to_bytes)


def _check(push: Push) -> None:
    for key in push.data:
        if key in ("from", "message_type") or key.startswith(_RESERVED):
            raise UnsendablePush(f"FCM keeps the data key {key} for itself")
    if not timedelta(0) <= push.ttl <= MAX_TTL:
        raise UnsendablePush("a ttl goes from 0 to 28 days")
    if push.address_kind not in ("token", "fid"):
        raise UnsendablePush(f"an address is a token or a fid, not a {push.address_kind}")
    if not 0 < len(push.collapse_key.encode()) <= 64:
        raise UnsendablePush("a collapse key has 1 to 64 bytes")
