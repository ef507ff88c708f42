"""What a phone gets of a notification: its language, and as much as the scope lets out.

    place   "New message · Gate 3"
    sender  "Alice · Gate 3" / "New message"
    full    "Alice · Gate 3" / the words
    id      "New message": the app fetches the rest

Words are a function of the texts that go into them and are remembered by these alone.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from journal.catalogue import ALERT_REMINDED, ALERT_UNANSWERED
from push.outgoing import Outgoing, OutgoingDelivery, OutgoingNotification
from push.words.catalogue import CATALOGUE
from push.words.graphemes import one_line, plain
from push.words.messages import MESSAGE, Push, Style, UnsendablePush

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
_NAME, _WORDS = 80, 4_096
_OF_NO_POST = ("digest", "test", "sync")
_OF_EVENT = {ALERT_REMINDED.name: "alert_reminded", ALERT_UNANSWERED.name: "alert_unanswered"}


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
    title, body = ("", "") if silent else _title_and_body(notification, delivery.why, delivery.locale)
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


def whole_words(outgoing: Outgoing) -> tuple[str, str]:
    """Title and body with all that there is to tell, for who fetches them."""
    delivery, notification = outgoing
    return _title_and_body(notification._replace(content="full"), delivery.why, delivery.locale)


def _collapse_key(notification: OutgoingNotification, why: str) -> str:
    """What replaces what: the messages of a scope each other, all else what is told of the same thing."""
    if why == "message" and notification.scope_id is not None:
        return str(notification.scope_id)
    return why if why in _OF_NO_POST else str(notification.subject_id)


def _ttl(why: str, left: timedelta) -> timedelta:
    most = _TTL_ALERT if why == "alert" else _TTL.get(why, _TTL_ELSE)
    return max(timedelta(0), min(left, most))


def _title_and_body(notification: OutgoingNotification, why: str, locale: str) -> tuple[str, str]:
    content = notification.content if notification.content in ("place", "sender", "full") else "id"
    # A conversation has no place: its name is made of persons' names.
    place = None if notification.scope_kind == "direct" else notification.scope_name
    return _text(
        locale if locale in CATALOGUE else "en",
        _OF_EVENT.get(notification.facts.get("type", ""), why),
        content,
        "" if content == "id" else place or "",
        (notification.author_name or "") if content in ("sender", "full") else "",
        (notification.text or "") if content == "full" else "",
    )


@lru_cache(maxsize=1_024)
def _text(locale: str, kind: str, content: str, place: str, author: str, words: str) -> tuple[str, str]:
    """Title and body. Where who wrote is not known, the label stands for it."""
    catalogue = CATALOGUE[locale]
    texts = catalogue.get(kind, catalogue["message"])
    names = {"place": one_line(place, _NAME), "author": one_line(author, _NAME)}
    said = plain(words[:_WORDS])
    if content in ("id", "place") or ("{author}" in texts.sender and not names["author"]):
        return _joined(texts.label, names["place"]), said
    template = texts.headline if said else texts.sender
    title = template.replace("{place}", "").rstrip(" ·") if not names["place"] else template
    body = said or ("" if "{author}" in texts.said and not names["author"] else texts.said)
    return _filled(title, names), said or _filled(body, names)


def _filled(template: str, names: dict[str, str]) -> str:
    return template.format(**names)


def _joined(label: str, place: str) -> str:
    return f"{label} · {place}" if place else label


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
