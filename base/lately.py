"""How the database has served this process lately: how long commits took, and whether its disk was full.

A commit is where a slow or a full disk shows first: it waits until the disk has what was written.
"""

import time
from collections import deque

_KEPT = 1_000
_LATELY_S = 60.0
SLOW_S = 0.5


class Lately:
    """What one process remembers of the last minute; the last thousand commits at most."""

    def __init__(self) -> None:
        self._commits: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._full_at: float | None = None

    def committed(self, took_s: float) -> None:
        """A transaction was committed, in so many seconds; those that only read count, too."""
        self._commits.append((time.monotonic(), took_s))

    def found_full(self) -> None:
        """The database refused to write because its disk is full."""
        self._full_at = time.monotonic()

    def commit_s(self, share: float = 0.99) -> float | None:
        """Within how many seconds this share of the last minute's commits were done; None where there were none."""
        since = time.monotonic() - _LATELY_S
        took = sorted(seconds for at, seconds in self._commits.copy() if at >= since)
        return took[min(int(len(took) * share), len(took) - 1)] if took else None

    def complaints(self) -> list[str]:
        """What operators should look at, each in a part of a sentence."""
        found = list[str]()
        if self._full_at is not None and time.monotonic() - self._full_at < _LATELY_S:
            found.append("the database's disk was full within the last minute")
        commit_s = self.commit_s()
        if commit_s is not None and commit_s > SLOW_S:
            found.append(f"commits take up to {commit_s:.1f} s")
        return found
