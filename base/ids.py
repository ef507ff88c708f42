"""Ids are UUIDv7 (RFC 9562): they sort by the time of their making, so an index on them is an index on time.

The time is the installation's (`base/clock.py`), so the ids of all processes sort together. They say nothing of the
order in which transactions commit: what was there when somebody looked is a position of the journal, never an id.

    48 bits milliseconds │ 7 │ 12 bits counter │ 2 bits variant │ 62 bits random
"""

import os
import threading
from datetime import datetime
from uuid import UUID

from base import clock

_VERSION_AND_VARIANT = (7 << 76) | (0b10 << 62)
_COUNTS = 1 << 12
_STEP_BACK = 10_000 * _COUNTS
_lock = threading.Lock()
_last = 0  # milliseconds and counter of the newest id


def new_id() -> UUID:
    """A fresh id; those made by one process are strictly increasing.

    Where the installation's clock was set back by more than some seconds, they follow it.
    """
    global _last
    drawn = int.from_bytes(os.urandom(10))
    random, first = drawn & ((1 << 62) - 1), drawn >> 62 & (_COUNTS // 2 - 1)
    # The counter begins low in each millisecond; what does not fit in borrows from the next one.
    begin = int(clock.seconds() * 1000) * _COUNTS + first
    with _lock:
        _last = begin if begin > _last or begin < _last - _STEP_BACK else _last + 1
        milliseconds, count = divmod(_last, _COUNTS)
    return UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT | (count << 64) | random)


def first_id_at(moment: datetime) -> UUID:
    """The smallest id that can have been made in the millisecond of `moment`."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT)
