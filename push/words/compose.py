"""What a phone gets of a notification: its language, and as much as the scope lets out.

    place   "New message · Gate 3"
    sender  "Alice · Gate 3" / "New message"
    full    "Alice · Gate 3" / the words
    id      "New message": the app fetches the rest

Words are a function of the texts that go into them and are remembered by these alone.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from journal.catalogue import ALERT_REMINDED, ALERT_UNANSWERED
from push.models import Delivery, Notification
from push.words.catalogue import CATALOGUE, LOCALES
from push.words.graphemes import one_line, plain
from push.words.messages import MESSAGE, Push, Style

__all__ = ["LOCALES", "STYLES", "Recipient", "compose"]
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
    "sync": Style("messages", "low", "passive", 0.0, sound=False, high=False),
}
_TTL = {"muster": timedelta(hours=1), "test": timedelta(minutes=5), "announcement": timedelta(days=7)}
_TTL_ELSE, _TTL_ALERT = timedelta(hours=24), timedelta(days=28)
_NAME, _WORDS = 80, 4_096
_OF_EVENT = {ALERT_REMINDED.name: "alert_reminded", ALERT_UNANSWERED.name: "alert_unanswered"}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone: where it is reached, its platform and language, what its scope lets out, what its badge shows."""

    address: str
    address_kind: str
    platform: str
    locale: str
    content: str  # place, sender, full, id
    badge: int | None


def compose(note: Notification, delivery: Delivery, to: Recipient, ttl: timedelta) -> Push:
    """What this phone gets of it. A wake and a withdrawal have no words at all."""
    silent = delivery.action != "show"
    key = _key(note, delivery.why)
    title, body = ("", "") if silent else _words(note, delivery.why, to)
    image = note.facts.get("image_url") if to.content == "full" and not silent else None
    return Push(
        address=to.address,
        address_kind=to.address_kind,
        title=title,
        body=body,
        data=_data(note, delivery, key),
        collapse_key=key,
        thread_id=str(note.scope_id or note.subject_id),
        ttl=_ttl(delivery.why, ttl),
        style=STYLES[delivery.why],
        badge=to.badge,
        image=image if image is not None and image.startswith("https://") else None,
        silent=silent,
        only_data_on_android=to.content == "id",
        android_collapse=not silent and delivery.why in ("message", "digest"),
    )


def _key(note: Notification, why: str) -> str:
    """What replaces what: the messages of a scope each other, all else what is told of the same thing."""
    if why == "message" and note.scope_id is not None:
        return str(note.scope_id)
    return why if why in ("digest", "test", "sync") else str(note.subject_id)


def _ttl(why: str, ttl: timedelta) -> timedelta:
    most = _TTL_ALERT if why == "alert" else _TTL.get(why, _TTL_ELSE)
    return max(timedelta(0), min(ttl, most))


def _words(note: Notification, why: str, to: Recipient) -> tuple[str, str]:
    facts = note.facts
    content = to.content if to.content in ("place", "sender", "full") else "id"
    # A conversation has no place: its name is made of persons' names.
    place = None if facts.get("scope_kind") == "direct" else facts.get("scope_name")
    return _text(
        to.locale if to.locale in CATALOGUE else "en",
        _OF_EVENT.get(facts.get("type", ""), why),
        content,
        "" if content == "id" else place or "",
        (facts.get("author_name") or "") if content in ("sender", "full") else "",
        (facts.get("text") or facts.get("message") or "") if content == "full" else "",
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


def _data(note: Notification, delivery: Delivery, key: str) -> dict[str, str]:
    """What the app opens and tells us of; ids alone, at every level."""
    known: dict[str, Any] = {
        "type": note.facts.get("type") or note.kind,
        "action": delivery.action,
        "why": delivery.why,
        "tag": key,
        "notification_id": note.id,
        "event_id": note.id,
        "delivery_id": delivery.id,
        "scope_id": note.scope_id,
        "position": note.position,
        **{name: note.facts.get(name) for name in ("muster_id", "place_id")},
        "post_id": note.facts.get("post_id") or _post_id(note, delivery.why),
    }
    return {name: str(value) for name, value in known.items() if value is not None}


def _post_id(note: Notification, why: str) -> Any:
    """The post that a notification is of is its subject."""
    return None if why in ("muster", "digest", "test", "sync") else note.subject_id
