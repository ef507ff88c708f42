"""The words of a notification, for one phone: its language, and as much as the scope lets out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from push.messages import Push
from push.models import Delivery, Notification

LOCALES = ("en", "ko")
_MUSTER_TITLES = {"en": "Roll call · {place_name}", "ko": "점호 · {place_name}"}


@dataclass(frozen=True)
class Recipient:
    """A phone: where it is reached, its platform and language, what its scope lets out, what its badge shows."""

    address: str
    address_kind: str
    platform: str
    locale: str
    content: str  # place, sender, full, id
    badge: int | None


def compose(note: Notification, delivery: Delivery, to: Recipient, ttl: timedelta) -> Push:
    """What this phone gets of it."""
    facts = note.facts
    urgent = delivery.priority == 0
    if delivery.why == "muster":
        title, body = _MUSTER_TITLES[to.locale].format(**facts), facts["message"]
    else:
        title, body = f"{facts['author_name']} · {facts['scope_name']}", facts["text"]
    return Push(
        address=to.address,
        address_kind=to.address_kind,
        title=title,
        body=body,
        data=_data(note, delivery.id),
        collapse_key=str(note.subject_id if urgent else note.id),
        thread_id=str(note.scope_id or note.subject_id),
        ttl=ttl,
        channel="alerts" if urgent else "messages",
        urgent=urgent,
    )


def _data(note: Notification, delivery_id: UUID) -> dict[str, str]:
    known: dict[str, Any] = {
        "type": note.facts.get("type"),
        "event_id": note.id,
        "delivery_id": delivery_id,
        "scope_id": note.scope_id,
        "position": note.position,
        **{name: note.facts.get(name) for name in ("post_id", "muster_id", "place_id")},
    }
    return {name: str(value) for name, value in known.items() if value is not None}
