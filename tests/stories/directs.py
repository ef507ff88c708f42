"""Direct conversations."""

from typing import Any

from tests.world import Phone


def talks_with(phone: Phone, *others: Phone, status: int = 201) -> Any:
    """Open the conversation with others, or find it; returns its scope's id, or the problem."""
    body = {"person_ids": [other.id for other in others]}
    answer = phone.post("/v1/direct-conversations", body, status)
    return answer["scope"]["id"] if status < 300 else answer


def leaves(phone: Phone, talk: str, status: int = 204) -> None:
    """Leave a conversation, or refuse it."""
    phone.delete(f"/v1/direct-conversations/{talk}", status)


def gone_from(phone: Phone, talk: str) -> list[str]:
    """Who left a conversation, as somebody in it sees it."""
    return phone.get(f"/v1/direct-conversations/{talk}")["left_ids"]
