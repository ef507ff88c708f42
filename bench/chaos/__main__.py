"""`make chaos`: EVENTS posts (50,000) written at full speed while parts are killed; then every store is judged.

    8 writers ──▶ 2 web processes ──▶ PostgreSQL ◀── 2 workers (one leads the relay)
    followers ◀── sockets, sync

It prints counts as it goes; the last line is one JSON object that sums up. The exit code is 1 when anything was lost,
doubled, leaked or out of order, when a post was refused or not written in time, or a process outgrew its bound.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.chaos.cast import Cast, database
from bench.chaos.crowd import Crowd
from bench.chaos.judge import judge
from bench.chaos.storm import Storm
from tests.world import World

EVENTS = int(os.environ.get("EVENTS", "50000"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 30)
WRITING_S, SETTLING_S = 480.0, 90.0
RSS_BOUND_MB = 400


def main() -> None:
    """Write, break, settle, judge."""
    print(json.dumps({"events": EVENTS, "seed": SEED}), flush=True)
    random.seed(SEED)
    with (
        database() as (_, world),
        tempfile.TemporaryDirectory(prefix="hereabouts-chaos-logs-") as folder,
    ):
        cast = Cast(world, Path(folder), {})
        try:
            summary = run(world, cast)
        finally:
            cast.stop()
    print(json.dumps(summary), flush=True)
    sys.exit(0 if summary["sound"] else 1)


def run(world: World, cast: Cast) -> dict[str, Any]:
    """One run; returns its summary."""
    began = time.monotonic()
    crowd = Crowd(world, list(cast.ports.values()), EVENTS)
    storm = Storm(cast, crowd)
    crowd.start()
    while crowd.writing() and time.monotonic() - began < WRITING_S:
        storm.blow()
        time.sleep(0.25)
    crowd.stop_writing()
    settled = crowd.settle(SETTLING_S)
    cast.weigh()
    print(storm.line(), flush=True)
    counts = judge(world, crowd.org.id, crowd.writers, crowd.followers)
    return summed_up(crowd, cast, counts, settled, time.monotonic() - began)


def summed_up(
    crowd: Crowd, cast: Cast, counts: Counter[str], settled: bool, seconds: float
) -> dict[str, Any]:
    """The last line."""
    refused = [refusal for writer in crowd.writers for refusal in writer.refused]
    failures = [repr(follower.failure) for follower in crowd.followers if follower.failure]
    for trouble in (*refused[:5], *failures):
        print("trouble:", trouble, flush=True)
    figures = crowd.figures()
    faults = {name: counts[name] for name in ("lost", "doubled", "leaked", "out_of_order")}
    rss_max = round(max(cast.rss_max.values()) / 1024 / 1024)
    complete = settled and not refused and not failures and figures["accepted"] == EVENTS
    sound = complete and not any(faults.values()) and rss_max <= RSS_BOUND_MB
    figures = {name: figures[name] for name in ("written", "accepted", "live", "synced", "repeats", "moves")}
    rest = {"kills": cast.kills, "seconds": round(seconds), "rss_max_mb": rss_max, "seed": SEED}
    return {**figures, **faults, "settled": settled, **rest, "sound": sound}


if __name__ == "__main__":
    main()
