"""What a phone gets of a notification: its language, and as much as the scope lets out.

The words themselves are made in `push/words/phrases.py`.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from push.outgoing import Outgoing, OutgoingDelivery, OutgoingNotification
from push.words.messages import MESSAGE, Push, Style, UnsendablePush
from push.words.phrases import title_and_body

_PERSONAL = Style("messages", "high", "active", 0.8, sound=True)
_URGENT = Style("alerts", "max", "time-sensitive", 1.0, sound=True)
STYLES = {
    "message": MESSAGE,
    "mention": _PERSONAL,
    "reply": _PERSONAL,
    "direct": _PERSONAL,
    "announcement": Style("announcements", "high", "active", 0.6, sound=True),
    "alert": _URGENT,
    "muster": _URGENT,
    "digest": Style("messages", "low", "passive", 0.1, sound=False, high=False),
    "test": _PERSONAL,
    "sign_in": _PERSONAL,
    "sync": Style("messages", "low", "passive", 0.0, sound=False, high=False),
}
_TTL = {"muster": timedelta(hours=1), "test": timedelta(minutes=5), "announcement": timedelta(days=7)}
_TTL_ELSE, _TTL_ALERT = timedelta(hours=24), timedelta(days=28)
_OF_NO_POST = ("digest", "test", "sync")


def compose(outgoing: Outgoing, badge: int | None, now: datetime, credential: str | None = None) -> Push:
    """What a phone gets, with the number that its badge shows. A wake and a withdrawal have no words at all.

    With the `credential` it fetches what it does not get (`push/credentials.py`).

    Raises `UnsendablePush` where there is no address.
    """
    delivery, notification = outgoing
    if delivery.push_address is None:
        raise UnsendablePush("there is no address")
    silent = delivery.action != "show"
    key = _collapse_key(notification, delivery.why)
    number = {"badge": str(badge)} if silent and badge is not None else {}
    key_to_it = {} if credential is None else {"credential": credential}
    title, body = ("", "") if silent else title_and_body(notification, delivery.why, delivery.locale)
    return Push(
        address=delivery.push_address,
        address_kind=delivery.push_address_kind,
        title=title,
        body=body,
        data=_data(notification, delivery, key) | number | key_to_it,
        collapse_key=key,
        thread_id=str(notification.scope_id or notification.subject_id),
        ttl=_ttl(delivery.why, delivery.expires_at - now),
        style=STYLES[delivery.why],
        badge=badge,
        silent=silent,
        only_data_on_android=notification.content == "id",
        android_collapse=not silent and delivery.why in ("message", "digest"),
    )


def _collapse_key(notification: OutgoingNotification, why: str) -> str:
    """What replaces what: the messages of a scope each other, all else what is told of the same thing."""
    if why == "message" and notification.scope_id is not None:
        return str(notification.scope_id)
    return why if why in _OF_NO_POST else str(notification.subject_id)


def _ttl(why: str, left: timedelta) -> timedelta:
    most = _TTL_ALERT if why == "alert" else _TTL.get(why, _TTL_ELSE)
    return max(timedelta(0), min(left, most))


def _data(notification: OutgoingNotification, delivery: OutgoingDelivery, key: str) -> dict[str, str]:
    """What the app opens and reports of; ids alone, at every level."""
    facts = notification.facts
    known: dict[str, Any] = {
        "type": facts.get("type") or notification.kind,
        "action": delivery.action,
        "why": delivery.why,
        "tag": key,
        "notification_id": notification.id,
        "event_id": notification.id,
        "delivery_id": delivery.id,
        "scope_id": notification.scope_id,
        "position": notification.position,
        "epoch": None if notification.position is None else notification.epoch,
        "muster_id": facts.get("muster_id"),
        "place_id": facts.get("place_id"),
        "post_id": facts.get("post_id") or _post_id(notification, delivery.why),
    }
    return {name: str(value) for name, value in known.items() if value is not None}


def _post_id(notification: OutgoingNotification, why: str) -> UUID | None:
    """The post that a notification is of is its subject."""
    return None if why in ("muster", "sign_in", *_OF_NO_POST) else notification.subject_id
