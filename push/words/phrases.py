"""The words of a notification: its title and body in a language, and as much as the scope lets out.

    place   "New message · Gate 3"
    sender  "Alice · Gate 3" / "New message"
    full    "Alice · Gate 3" / the words
    id      "New message": the app fetches the rest

They are a function of the texts that go into them and are remembered by these alone. Nothing here knows of FCM: a web
process gives the words to whoever fetches them.
"""

from functools import lru_cache

from journal.catalogue import ALERT_REMINDED, ALERT_UNANSWERED
from push.outgoing import Outgoing, OutgoingNotification
from push.words.catalogue import CATALOGUE
from push.words.graphemes import one_line, plain

_NAME, _WORDS = 80, 4_096
_OF_EVENT = {ALERT_REMINDED.name: "alert_reminded", ALERT_UNANSWERED.name: "alert_unanswered"}


def whole_words(outgoing: Outgoing) -> tuple[str, str]:
    """Title and body with all that there is to tell, for who fetches them."""
    delivery, notification = outgoing
    return title_and_body(notification._replace(content="full"), delivery.why, delivery.locale)


def title_and_body(notification: OutgoingNotification, why: str, locale: str) -> tuple[str, str]:
    """As much of both as the notification's `content` lets out."""
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
