"""How much one client may have the process do: some work at once, and then so much a second.

Time cannot be measured for one client, since handlers wait for the database while others run. What is counted is what
the time goes into: reads, frames, messages and their length. No message of an app has 8 KiB, and none comes ten times a
second for long; so an honest client never gets near its budget.

Who has spent half of it waits for answers, as long as it takes to be paid for. So a client that asks again and again,
but hears each answer first, is slowed down to the even rate; one that does not wait is soon beyond its budget.

Of each client one number is kept: the moment until which its work is paid for, were it done at the even rate.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

READ = FRAME = 128  # what each costs, in units of a byte of a message
MESSAGE = 1024


@dataclass(frozen=True)
class Budget:
    """Units that may be spent at once, and that come back in each second."""

    at_once: int = 256 * 1024
    a_second: int = 32 * 1024
    clock: Callable[[], float] = field(default=time.monotonic)

    def spend(self, paid_until: float, cost: int) -> tuple[float, bool]:
        """Until when a client's work is paid for, now that it had this done, and whether that is too much."""
        now = self.clock()
        paid_until = max(paid_until, now) + cost / self.a_second
        return paid_until, (paid_until - now) * self.a_second > self.at_once

    def pause_s(self, paid_until: float) -> float:
        """For how long a client waits before more is done for it."""
        return max(0.0, paid_until - self.clock() - self.at_once / self.a_second / 2)
