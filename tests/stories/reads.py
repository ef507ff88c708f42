"""How far people have read."""

from typing import Any

from tests.world import Phone


def reads_up_to(phone: Phone, post: dict[str, Any], status: int = 200) -> Any:
    """Say that one has read a scope up to a post."""
    return phone.put(f"/v1/scopes/{post['scope_id']}/read", {"post_id": post["id"]}, status)


def unread(phone: Phone, scope: str) -> tuple[int, int]:
    """How many posts of a scope somebody has not read, and how many of them name the person."""
    item = next(item for item in phone.get("/v1/me/unread")["items"] if item["scope_id"] == scope)
    return item["unread"], item["mentions"]
