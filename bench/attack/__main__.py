"""`make attack`: every way that is known to stop everybody, or to learn what one may not, tried on a running product.

    attackers ──▶ one web process (the limits of production) ◀── people at work, in a process of their own
                        │
              relay, worker, PostgreSQL

Each case prints one JSON object: what those at work waited for meanwhile, by how much the process grew, what was
answered and what should not have been. The last line sums up. The exit code is 1 when anybody at work waited more than
500 ms at the 99th percentile or was refused, when anything grew beyond its bound, when somebody learned what they may
not, or when an answer was a 5xx other than a deliberate 503. ONLY="sockets waiting" chooses cases by the beginning of
their names; SCHEMATHESIS_CASES says how many requests are made up for each role (15000).
"""

import json
import os
import sys
from typing import Any

from bench.attack import (
    access,
    bodies,
    connections,
    document,
    doors,
    gate,
    guesses,
    outlines,
    pace,
    privacy,
    races,
    sockets,
    strangers,
    waiting,
)
from bench.attack.case import Case, tried
from bench.attack.stage import staged

CASES: tuple[Case, ...] = (
    *bodies.CASES,
    *doors.CASES,
    *outlines.CASES,
    *sockets.CASES,
    *waiting.CASES,
    *guesses.CASES,
    *connections.CASES,
    *pace.CASES,
    *gate.CASES,
    *strangers.CASES,
    *access.CASES,
    *races.CASES,
    *privacy.CASES,
    *document.CASES,
)


def main() -> None:
    """Try all that was chosen, and sum up."""
    chosen = tuple(os.environ.get("ONLY", "").split())
    outcomes: list[dict[str, Any]] = []
    cases = [case for case in CASES if not chosen or case.name.startswith(chosen)]
    for kind in dict.fromkeys(case.on for case in cases):
        with staged(kind) as stage:
            for case in cases:
                if case.on is kind:
                    outcomes.append(tried(case, stage))
                    print(json.dumps(outcomes[-1]), flush=True)
    summary = summed_up(outcomes)
    print(json.dumps(summary), flush=True)
    sys.exit(0 if summary["held_out"] else 1)


def summed_up(outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """The last line."""
    found = {outcome["case"]: outcome["found"] for outcome in outcomes if outcome["found"]}
    return {
        "cases": len(outcomes),
        "requests": sum(sum(outcome["answers"].values()) for outcome in outcomes),
        "worst_p99_ms": max((outcome["p99_ms"] for outcome in outcomes), default=0.0),
        "most_grown_mb": max((outcome["grew_mb"] for outcome in outcomes), default=0.0),
        "found": found,
        "held_out": bool(outcomes) and not found,
    }


if __name__ == "__main__":
    main()
