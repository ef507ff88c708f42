"""Who says "seen and understood", and what managers see of it."""

from typing import Any

from tests.world import Phone


def acknowledges(phone: Phone, post: dict[str, Any], status: int = 200) -> Any:
    """Acknowledge a post."""
    return phone.put(f"/v1/posts/{post['id']}/acknowledgement", status=status)
