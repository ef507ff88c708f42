"""The last words for clients whose session ended while they were between two polls.

The session's end is handled at once; what is left of it is kept here, one payload for each poll that is still to come.
A client that does not come for them is waited for a short time.
"""

from collections import deque

import gevent

from live.engine.packets import Encoded

KEPT_S = 10.0


class Farewells:
    """Payloads that wait for polls of sessions that are no more."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._left: dict[str, deque[list[Encoded]]] = {}

    def __contains__(self, sid: str) -> bool:
        return sid in self._left

    def leave(self, sid: str, *payloads: list[Encoded]) -> None:
        """Keep these for the next polls of a session, one for each; empty ones are left out."""
        self._left[sid] = deque(filter(None, payloads))
        gevent.spawn_later(self._kept_s, self._left.pop, sid, None)

    def take(self, sid: str) -> list[Encoded]:
        """The packets for a poll that has come; raises KeyError when nothing is left."""
        left = self._left[sid]
        payload = left.popleft()
        if not left:
            del self._left[sid]
        return payload
