"""`make chaos`: EVENTS events (50,000) while parts are killed and networks fail; then every store is judged.

    8 writers, HTTP ─▶ proxies ─▶ nginx ─▶ 2 web processes ─▶ proxy ─▶ PostgreSQL ◀─ proxy ◀─ 2 workers,
    2 strangers of another organisation, whose sessions end, straight at the web processes; Redis behind a proxy
    8 followers, 2 apps ◀─ proxies ◀─ nginx ◀─ sockets, sync               ▲              2 relays (one leads)
    2 clients that never read, straight at the web processes               └─ a loader, where writers are too slow

In the middle the database is restored from a backup, underneath everybody, and everybody starts over: nobody writes for
that moment, so that nothing is lost by it. Apps have an offline store and are killed; two of the followers renew their
tokens while connected.

It prints counts as it goes; the last line is one JSON object that sums up. The exit code is 1 when anything was lost,
doubled, leaked or out of order, when something was refused or not written in time, when a process ended by itself or
outgrew its bound, when nobody who never reads was cut, or when a web process did not say within a second that it lives.
Most processes run on machines whose clocks are wrong, from 90 seconds behind to 70 days ahead (`skewed` counts them).
SEED repeats the faults' order.
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

from bench.chaos.apart import ProxyApart
from bench.chaos.cast import NGINX, Cast, database
from bench.chaos.crowd import Crowd
from bench.chaos.judge import judge, strangers_leaked
from bench.chaos.redis import RedisPart
from bench.chaos.storm import HOLE_S, Storm
from bench.chaos.strangers import late
from tests.world import World

EVENTS = int(os.environ.get("EVENTS", "50000"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 30)
WRITING_S, SETTLING_S = 450.0, 100.0
RSS_BOUND_MB = 400
WAYS = 3
ACCESS_TOKEN_TTL_S = 20


def main() -> None:
    """Write, break, settle, judge."""
    print(json.dumps({"events": EVENTS, "hole_s": HOLE_S, "seed": SEED}), flush=True)
    random.seed(SEED)
    with (
        database() as (cluster, world),
        tempfile.TemporaryDirectory(prefix="hereabouts-chaos-logs-") as folder,
    ):
        silent = ProxyApart(cluster.socket / ".s.PGSQL.5432")
        redis = RedisPart(Path(folder))
        overrides = {
            "REDIS_URL": redis.url,
            **_through(silent, world),
            "ACCESS_TOKEN_TTL": str(ACCESS_TOKEN_TTL_S),
        }
        cast = Cast(world, Path(folder), overrides)
        network = [ProxyApart(cast.ports[NGINX]) for _ in range(WAYS)]
        try:
            crowd = Crowd(world, [proxy.port for proxy in network], cast, cast.folder, EVENTS)
            summary = run(world, Storm(cast, crowd, cluster, network, silent, redis), crowd, cast)
        finally:
            cast.stop()
            for proxy in (*network, silent, redis):
                proxy.close()
    print(json.dumps(summary), flush=True)
    sys.exit(0 if summary["sound"] else 1)


def run(world: World, storm: Storm, crowd: Crowd, cast: Cast) -> dict[str, Any]:
    """One run; returns its summary."""
    began = time.monotonic()
    crowd.start()
    while crowd.writing() and time.monotonic() - began < WRITING_S:
        storm.blow(crowd.accepted() / EVENTS)
        time.sleep(0.25)
    while not storm.is_over():  # few events are written before all has happened that happens once
        storm.blow(1.0)
    storm.calm()
    crowd.stop_writing()
    settled = crowd.settle(SETTLING_S)
    cast.weigh()
    print(storm.line(), flush=True)
    counts = judge(
        world, crowd.org.id, [*crowd.writers, crowd.loader], crowd.followers, crowd.apps, crowd.restored_at
    )
    counts["leaked"] += strangers_leaked(world, crowd.other_org.id, crowd.strangers)
    counts["late"] = late([end for one in crowd.strangers for end in one.ends], storm.troubles, HOLE_S + 20)
    return summed_up(crowd, cast, storm, counts, settled) | {"seconds": round(time.monotonic() - began)}


def summed_up(crowd: Crowd, cast: Cast, storm: Storm, counts: Counter[str], settled: bool) -> dict[str, Any]:
    """The last line."""
    refused = [refusal for writer in crowd.writers for refusal in writer.refused]
    failures = [
        repr(follower.failure) for follower in (*crowd.followers, *crowd.strangers) if follower.failure
    ]
    ended = [f"app {number}" for number, app in enumerate(crowd.apps) if app.ended_by_itself]
    for trouble in (*refused[:5], *failures, *cast.died(), *ended):
        print("trouble:", trouble, flush=True)
    figures = crowd.figures()
    faults = {name: counts[name] for name in ("lost", "doubled", "leaked", "out_of_order", "late")}
    rss_max = round(max(cast.rss_max.values()) / 1024 / 1024)
    written = figures["accepted"] + figures["unknown"] == EVENTS
    complete = settled and written and storm.is_over() and not (refused or failures or cast.died() or ended)
    sound = complete and not any(faults.values()) and rss_max <= RSS_BOUND_MB
    sound = sound and 2 * figures["by_http"] >= figures["accepted"]
    seen = ("deaf_cut", "renewed", "typing", "ended_sockets", "started_over")
    sound = sound and all(figures[name] for name in seen) and not storm.faults["not_alive"]
    del figures["behind"]
    blown = {
        name: storm.faults[name]
        for name in (
            *("restarts", "restores", "reloads", "holes", "proxy_kills", "redis_kills", "redis_holes"),
            *("drop", "delay", "swallow", "blackhole"),
        )
    }
    rest = {"alive_max_s": round(storm.slowest_alive, 3), "rss_max_mb": rss_max, "settled": settled}
    return {
        **figures,
        **faults,
        "kills": cast.kills,
        "skewed": cast.skewed,
        **blown,
        **rest,
        "seed": SEED,
        "sound": sound,
    }


def _through(proxy: ProxyApart, world: World) -> dict[str, str]:
    """The processes' way to the database leads through a proxy."""
    names = {"DATABASE_URL": "hereabouts_web", "WORKER_DATABASE_URL": "hereabouts_worker"}
    database_name = world.web.engine.url.database
    return {
        name: f"postgresql+psycopg2://{role}@127.0.0.1:{proxy.port}/{database_name}"
        for name, role in names.items()
    }


if __name__ == "__main__":
    main()
