"""The one module that knows what time it is, and how a time looks on the wire.

An installation has one clock: the database's. Every transaction asks for its time as it opens (`base/database.py`),
and `now` is the database's time then and what has passed since. So it does not matter what the machine's own clock
says, nor when somebody sets it. Until a process has asked for the first time, its machine's clock has to do.

    asked ── half the round trip ── database's time ── half the round trip ── answered

The database's time belongs to a moment between asking and answering: an answer tells it the better, the sooner it
comes. The best one counts for a while; a worse one only if it contradicts it, because a clock was set or another
database answers.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from base.logs import logger

log = logger(__name__)

# How far the machine's clock may be off before it is told.
BOUND_S = 1.0
_KEPT_S = 60.0
_TOLD_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """The database's time at a moment of this process: `epoch_s` at `at_s` (monotonic), `unsure_s` more or less."""

    epoch_s: float
    at_s: float
    unsure_s: float

    def at(self, moment_s: float) -> float:
        return self.epoch_s + (moment_s - self.at_s)


_reading: _Reading | None = None
_told_at = -_TOLD_EVERY_S


def now() -> datetime:
    """The installation's time, aware, in UTC."""
    return datetime.fromtimestamp(seconds(), UTC)


def seconds() -> float:
    """The installation's time in unix seconds."""
    return time.time() if _reading is None else _reading.at(time.monotonic())


def is_held() -> bool:
    """Whether this process has asked for the installation's time."""
    return _reading is not None


def hold_to(told: datetime, asked_s: float, answered_s: float) -> None:
    """The database told its time, between two readings of this process's monotonic clock."""
    global _reading, _told_at
    unsure_s = max(0.0, answered_s - asked_s) / 2
    read = _Reading(told.timestamp(), (asked_s + answered_s) / 2, unsure_s)
    best = _reading
    if best is not None and unsure_s > best.unsure_s and answered_s - best.at_s < _KEPT_S:
        contradicts = abs(best.at(read.at_s) - read.epoch_s) > best.unsure_s + unsure_s
        if not contradicts:
            return
    _reading = read
    if difference() is not None and answered_s - _told_at >= _TOLD_EVERY_S:
        _told_at = answered_s
        log.error("clock_differs", machine_ahead_s=round(machine_is_ahead_s(), 1))


def machine_is_ahead_s() -> float:
    """By how many seconds the machine's clock is ahead of the installation's; negative where it is behind."""
    return time.time() - seconds()


def difference() -> str | None:
    """A sentence for operators where the machine's clock is off by more than `BOUND_S`; None otherwise."""
    ahead_s = machine_is_ahead_s()
    if abs(ahead_s) <= BOUND_S:
        return None
    return f"this machine's clock is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} the database's"


def wire(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: `2026-11-23T06:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wire_or_none(moment: datetime | None) -> str | None:
    """As `wire`, for times that may be missing."""
    return None if moment is None else wire(moment)


def read_or_none(wired: str | None) -> datetime | None:
    """The time that `wire_or_none` wrote."""
    return None if wired is None else datetime.fromisoformat(wired)
