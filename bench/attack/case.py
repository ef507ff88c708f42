"""One case: what it tries, and how it is judged."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.attack.stage import Kind, Stage

LONGEST_WAIT_MS = 500.0
MOST_GROWTH_MB = 64.0
_LEAST_S = 4.0
_MOST_FOUND = 20


class Case(NamedTuple):
    """`act` tries, and says in sentences what should not have been."""

    name: str
    act: Callable[[Stage], list[str]]
    most_growth_mb: float = MOST_GROWTH_MB
    on: Kind = Kind.PACED


def tried(case: Case, stage: Stage) -> dict[str, Any]:
    """One case while people work beside it: what they waited for, what grew, what was answered, and what was found."""
    before, held = stage.memory(), len(stage.holds())
    stage.honest.so_far()
    stage.tally.statuses.clear()
    stage.tally.faults.clear()
    began = time.monotonic()
    found = case.act(stage)
    time.sleep(max(0.0, began + _LEAST_S - time.monotonic()))
    waits, seconds = stage.honest.so_far(), time.monotonic() - began
    grew = stage.memory() - before
    if waits.p99 > LONGEST_WAIT_MS:
        found.append(f"others waited {waits.p99:.0f} ms")
    if waits.refused:
        found.append(f"others were refused: {len(waits.refused)} times, as {waits.refused[0]}")
    if grew > case.most_growth_mb:
        found.append(f"the process grew by {grew:.0f} MB")
    found = [*dict.fromkeys(found), *sorted(set(stage.tally.faults))][:_MOST_FOUND]
    return {
        "case": case.name,
        "seconds": round(seconds, 1),
        "others": waits.count,
        "p50_ms": round(waits.p50, 1),
        "p99_ms": round(waits.p99, 1),
        "most_ms": round(waits.most, 1),
        "grew_mb": round(grew, 1),
        "held": stage.holds()[held:][:_MOST_FOUND],
        "answers": dict(sorted(stage.tally.statuses.items())),
        "found": found,
    }
