"""Machines whose clocks are wrong: libfaketime between a process and its machine's clock, started anew with each."""

import random
from pathlib import Path

# Seconds ahead of the true time; a phone's battery was empty, NTP was blocked, somebody set the year.
SKEWS_S = (-90, -2, 0, 2, 3_600, 70 * 86_400)


def library() -> Path | None:
    """Where libfaketime is, if this machine has it."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def some_skew() -> dict[str, str]:
    """The environment of a process on a machine whose clock is wrong, or right."""
    found, ahead_s = library(), random.choice(SKEWS_S)
    if found is None or ahead_s == 0:
        return {}
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME": f"{ahead_s:+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",  # a killed process would leave it behind
    }
