"""How long one waits for processes to be ready: as long as they get on with it, and not for ever.

On a busy machine a start takes many times what it takes on an idle one. What tells a slow start from one that hangs is
the computing time that the processes use meanwhile.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

_STANDS_S, _LONGEST_S = 60.0, 300.0


class Patience:
    """Begins when it is made. Durations are seconds; `pids` are asked for anew each time."""

    def __init__(
        self, pids: Callable[[], Iterable[int]], stands_s: float = _STANDS_S, longest_s: float = _LONGEST_S
    ) -> None:
        self._pids, self._stands_s, self._longest_s = pids, stands_s, longest_s
        self._began = self._moved = time.monotonic()
        self._used = -1

    def is_over(self) -> bool:
        """Whether nothing has used any computing time for a while, or it takes too long altogether."""
        now, used = time.monotonic(), sum(map(computing_time, self._pids()))
        if used != self._used:
            self._used, self._moved = used, now
        return now - self._moved > self._stands_s or now - self._began > self._longest_s


def computing_time(pid: int) -> int:
    """What a process has used, in the kernel's ticks; 0 for one that is gone, and where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])
