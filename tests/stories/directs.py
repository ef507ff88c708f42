"""Direct conversations."""

from typing import Any

from tests.world import Phone


def talks_with(phone: Phone, *others: Phone, status: int = 201) -> Any:
    """Open the conversation with others, or find it; returns its scope's id, or the problem."""
    body = {"person_ids": [other.id for other in others]}
    answer = phone.post("/v1/direct-conversations", body, status)
    return answer["scope"]["id"] if status < 300 else answer
