"""What a phone did without a network, and sends when it has one."""

from typing import Any

from tests.stories.times import ago
from tests.world import Phone


def queued(kind: str, client_id: str, at: str | None = None, **members: Any) -> dict[str, Any]:
    """Something done three hours ago, or then."""
    return {"kind": kind, "client_id": client_id, "at": at or ago(hours=3), **members}


def sends(phone: Phone, *items: dict[str, Any], clock: str | None = None) -> list[dict[str, Any]]:
    """Send the queue, by the phone's clock; returns what became of each item."""
    return phone.post("/v1/me/outbox", {"sent_at": clock or ago(), "items": list(items)})["items"]


def statuses(results: list[dict[str, Any]]) -> list[int]:
    """What became of each item, as an HTTP status."""
    return [result["status"] for result in results]
