"""The form of a result, and percentiles."""

import json
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(
    name: str, value: float, unit: str, goal: float, *, against: float | None = None, at_most: bool = True
) -> bool:
    """Print a result; with `against`, the goal is for the ratio. Returns whether it was met."""
    ratio = None if against is None else value / against
    judged = value if ratio is None else ratio
    met = judged <= goal if at_most else judged >= goal
    numbers = {"value": round(value, 3), "unit": unit, "against": against and round(against, 3)}
    line = {"name": name, **numbers, "ratio": ratio and round(ratio, 3), "goal": goal, "met": met}
    print(json.dumps(line), flush=True)
    return met
