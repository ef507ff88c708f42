"""What goes wrong, and when: a kill of some part every few seconds, for as long as the writers write."""

import random
import time
from typing import Any

from bench.chaos.cast import WEBS, WORKERS, Cast
from bench.chaos.crowd import Crowd

_EVERY_S = (6.0, 12.0)
_REPORT_S = 5.0


class Storm:
    """Turns once a second or so; `blow` does what is due."""

    def __init__(self, cast: Cast, crowd: Crowd) -> None:
        self._cast, self._crowd = cast, crowd
        self._began = time.monotonic()
        self._due = self._reported = self._began
        self._plan_next()

    def blow(self) -> None:
        """Kill what is due, weigh all, and tell the counts now and then."""
        now = time.monotonic()
        self._cast.weigh()
        if now >= self._due:
            self._cast.kill(random.choice(WEBS + WORKERS))
            self._plan_next()
        if now >= self._reported + _REPORT_S:
            self._reported = now
            print(self.line(), flush=True)

    def line(self) -> str:
        """The counts of this moment."""
        figures: dict[str, Any] = {"s": round(time.monotonic() - self._began), "kills": self._cast.kills}
        figures |= self._crowd.figures()
        return " ".join(f"{name} {value}" for name, value in figures.items())

    def _plan_next(self) -> None:
        self._due = time.monotonic() + random.uniform(*_EVERY_S)
