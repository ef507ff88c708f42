"""What somebody's app hears of by sync."""

from typing import Any

from tests.world import Phone


def head(phone: Phone) -> int:
    """The position up to which somebody has everything, once all is relayed."""
    phone.organisation.world.relays()
    return phone.get("/v1/me")["position"]


def types(phone: Phone, since: int, of: str = "") -> list[str]:
    """The types of the events after a position, or of those that begin with a word."""
    return [event["type"] for event in phone.syncs(since) if event["type"].startswith(of)]


def heard(phone: Phone, kind: str, since: int = 0) -> list[Any]:
    """The payloads of one type of event after a position."""
    return [event["data"] for event in phone.syncs(since) if event["type"] == kind]
