"""How many different members of a crowd were seen lately."""

import time
from collections.abc import Callable

_LATELY_S = 600.0


class Crowds:
    """Counts for one process. Members lie in a young and an old generation; after a while the old one is dropped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._young: dict[int, set[int]] = {}
        self._old: dict[int, set[int]] = {}
        self._turns_at = clock() + _LATELY_S

    def saw(self, crowd: int, member: int) -> int:
        """Somebody was seen; returns how many of their crowd were, within the last ten to twenty minutes."""
        if (now := self._clock()) >= self._turns_at:
            self._old, self._young = self._young, {}
            self._turns_at = now + _LATELY_S
        seen = self._young.get(crowd)
        if seen is None:
            seen = self._young[crowd] = set()
        seen.add(member)
        before = self._old.get(crowd)
        return len(seen) if before is None else max(len(seen), len(before))
