"""How often one socket may ask what costs a query: some times in a stretch, and then not until the next one."""

import time
from weakref import WeakKeyDictionary

from live.subscribers import Subscriber

ALLOWED, STRETCH_S = 20, 10.0


class Limit:
    """Counts one kind of message, for each socket."""

    def __init__(self) -> None:
        self._counts: WeakKeyDictionary[Subscriber, tuple[float, int]] = WeakKeyDictionary()

    def allows(self, subscriber: Subscriber) -> bool:
        """Count one more; False when it is too many."""
        began, count = self._counts.get(subscriber, (0.0, 0))
        now = time.monotonic()
        if now - began > STRETCH_S:
            began, count = now, 0
        self._counts[subscriber] = (began, count + 1)
        return count < ALLOWED
