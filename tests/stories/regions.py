"""Phones whose system, or whose app, tells them that they went in or out."""

from typing import Any

from base import clock
from tests.world import Phone


def enters(phone: Phone, *place_ids: str, judged_by: str = "region") -> list[str]:
    """Say that one went into places; returns what became of each word."""
    return [item["outcome"] for item in tells_of(phone, "enter", *place_ids, judged_by=judged_by)["items"]]


def exits(phone: Phone, *place_ids: str, judged_by: str = "region") -> list[str]:
    """Say that one went out of places; returns what became of each word."""
    return [item["outcome"] for item in tells_of(phone, "exit", *place_ids, judged_by=judged_by)["items"]]


def tells_of(phone: Phone, kind: str, *place_ids: str, judged_by: str = "device", status: int = 200) -> Any:
    """Tell of a passage now, and get the whole answer."""
    at = clock.wire(clock.now())
    events = [{"place_id": place, "type": kind, "at": at, "judged_by": judged_by} for place in place_ids]
    return phone.post("/v1/me/regions/events", {"events": events}, status)


def word(kind: str, place: str, at: str, judged_by: str = "region") -> dict[str, Any]:
    """One passage at its time, to be told later."""
    return {"place_id": place, "type": kind, "at": at, "judged_by": judged_by}


def tells_later(phone: Phone, *words: dict[str, Any]) -> list[str]:
    """Tell of passages at last; returns what became of each word."""
    items = phone.post("/v1/me/regions/events", {"events": list(words)})["items"]
    return [item["outcome"] for item in items]
