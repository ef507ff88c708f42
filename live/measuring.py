"""What a socket says is measured before it is looked at: finding fault with each of ten thousand ids takes long."""

from typing import Any

_MOST_MEMBERS = 8


def fits(data: Any, **most: int) -> bool:
    """Whether it is an object of few members, of which the lists named have at most so many items."""
    if not isinstance(data, dict) or len(data) > _MOST_MEMBERS:
        return False
    return all(
        not isinstance(data.get(name), list) or len(data[name]) <= count for name, count in most.items()
    )
