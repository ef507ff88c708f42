"""`make bench-place`: which zones a fix is in, in the process and in PostGIS, and fixes through HTTP.

Both sides are asked for the same points in one run, alternating, and must give the same answers; values are medians
of the rounds. Everything runs on a cluster of its own in a temporary folder; load goes to 127.0.0.1 and ends by itself.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg2
from sqlalchemy import make_url

from base import ids
from base.database import Database, make_engine
from bench.place_world import Zones, make_zones, sign_in_devices, store_zones
from bench.report import percentile, report
from bench.stage import running_product
from deploy.local.cluster import Cluster
from geo.lookup.index import IndexedPlace, PlaceIndex
from geo.lookup.indexes import load
from tests.product import Product

ROOT = Path(__file__).resolve().parent.parent
ZONES, SMALL, LARGE = 10_400, 1_000, 100_000
ROUNDS, SINGLES, BATCH = 7, 400, 1_000
REPEAT = 10  # the process is that much quicker, and a round should last long enough to be measured
DEVICES, FIXES_A_REQUEST, CROSSING = 200, 20, 0.05
CLOSED_ROUNDS, OPEN_ROUNDS, CONNECTIONS, OPEN_RATE = 16, 10, 5, 62.5
_COVERS = "ST_Covers(boundary, ST_SetSRID(ST_MakePoint({}, {}), 4326))"
_STANDING = "archived_at IS NULL AND organisation_id = '{}'"


def main() -> None:
    """All benchmarks of places."""
    if sys.argv[1:2] == ["memory"]:
        print(memory(sys.argv[2], UUID(sys.argv[3])))
        return
    with running_product() as (cluster, product):
        measure(cluster, product)


def measure(cluster: Cluster, product: Product) -> None:
    """Look-ups, growth, memory, then the whole way through HTTP."""
    organisation, zones = product.world.organisation(), make_zones(ZONES)
    store_zones(product.world, organisation, zones)
    tokens = sign_in_devices(product.world, organisation, DEVICES)
    cluster.psql("bench", "-c", "VACUUM ANALYZE")
    look_ups(product, organisation.id, zones)
    growth()
    url = product.world.environment["DATABASE_URL"]
    command = [sys.executable, "-m", "bench.place", "memory", url, str(organisation.id)]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    report("index_memory_10400", float(told), "MB", 200)
    over_http(product, tokens)


def look_ups(product: Product, organisation_id: UUID, zones: Zones) -> None:
    """One fix a question, and a thousand."""
    index = load(product.world.web, organisation_id)
    owner = make_url(product.world.environment["OWNER_DATABASE_URL"]).set(drivername="postgresql")
    connection = psycopg2.connect(owner.render_as_string(hide_password=False))
    connection.autocommit = True
    cursor = connection.cursor()
    standing = _STANDING.format(organisation_id)
    one = f"SELECT id FROM places WHERE {_COVERS.format('$1', '$2')} AND {standing}"
    cursor.execute(f"PREPARE one (float8, float8) AS {one}")
    fix = "unnest($1, $2) WITH ORDINALITY AS fix (lon, lat, number)"
    many = f"SELECT number, id FROM {fix} JOIN places ON {_COVERS.format('lon', 'lat')} WHERE {standing}"
    cursor.execute(f"PREPARE many (float8[], float8[]) AS {many}")

    def ask_one(lon: float, lat: float) -> set[str]:
        cursor.execute("EXECUTE one (%s, %s)", (lon, lat))
        return {row[0] for row in cursor.fetchall()}

    def ask_many(points: np.ndarray) -> list[tuple[int, str]]:
        cursor.execute("EXECUTE many (%s, %s)", (points[:, 0].tolist(), points[:, 1].tolist()))
        return cursor.fetchall()

    points = zones.points(BATCH)
    answers = index.covering_many(points)
    assert sorted(ask_many(points)) == sorted(
        (n + 1, str(i)) for n, found in enumerate(answers) for i in found
    )
    assert all(ask_one(*p) == {str(i) for i in index.covering(*p)} for p in points[:200].tolist())
    sides: tuple[Callable[[Any], Any], ...] = (
        lambda some: [index.covering(lon, lat) for lon, lat in some * REPEAT],
        lambda some: [ask_one(lon, lat) for lon, lat in some],
        lambda some: [index.covering_many(some) for _ in range(REPEAT)],
        ask_many,
    )
    seconds = alternately(sides, [points[:SINGLES].tolist()] * 2 + [points] * 2)
    singles, sql_singles, batches, sql_batches = seconds
    rate, against = SINGLES * REPEAT / singles, SINGLES / sql_singles
    report("covering_one_10400", rate, "fixes/s", 15, against=against, at_most=False)
    rate, against = BATCH * REPEAT / batches, BATCH / sql_batches
    report("covering_1000_10400", rate, "fixes/s", 12, against=against, at_most=False)
    connection.close()


def growth() -> None:
    """How a look-up slows from 1,000 to 100,000 zones."""
    sides, first, points = [], [], []
    for count in (SMALL, LARGE):
        zones = make_zones(count)
        index = PlaceIndex([IndexedPlace(ids.new_id(), 1, polygon) for polygon in zones.polygons])
        sides.append(lambda some, index=index: [index.covering(lon, lat) for lon, lat in some])
        first.append(lambda some, index=index: unseen(index, some))
        points.append(zones.points(SINGLES * REPEAT).tolist())
    small, large = (1e6 * spent / (SINGLES * REPEAT) for spent in alternately(sides, points))
    report("covering_growth_1000_100000", large, "us", 2, against=small)
    few = [some[:SINGLES] for some in points]
    small, large = (1e6 * spent / SINGLES for spent in alternately(first, few))
    report("covering_growth_unseen_cells", large, "us", 2, against=small)


def unseen(index: PlaceIndex, points: list[list[float]]) -> None:
    """Look-ups in cells that nobody has asked about yet."""
    for lon, lat in points:
        index._cells.clear()  # pyright: ignore[reportPrivateUsage] - who asks has no use for forgetting
        index.covering(lon, lat)


def alternately(sides: Sequence[Callable[[Any], Any]], points: Sequence[Any]) -> list[float]:
    """Median seconds of each side; they take turns, and the first round only warms up."""
    spent: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS + 1):
        for side, some, times in zip(sides, points, spent, strict=True):
            begun = time.perf_counter()
            side(some)
            times.append(time.perf_counter() - begun)
    return [statistics.median(times[1:]) for times in spent]


def memory(url: str, organisation_id: UUID) -> float:
    """Megabytes that an index takes in a fresh process, once every place has been asked and has its fence."""
    database = Database(make_engine(url, 1))
    with database.transaction(organisation_id):
        before = resident()
    index = load(database, organisation_id)
    zones = Zones([], int(ZONES**0.5) + 1)
    centres = [zones.centre(number) for number in range(ZONES)]
    index.covering_many(centres)
    index.fences_near(centres, 150.0)
    return resident() - before


def resident() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def over_http(product: Product, tokens: list[str]) -> None:
    """As many fixes as the web process takes, then half of the goal at a steady rate."""
    told = {"port": product.port, "tokens": tokens, "zones": ZONES, "batch": FIXES_A_REQUEST}
    told |= {"closed_rounds": CLOSED_ROUNDS, "open_rounds": OPEN_ROUNDS, "crossing": CROSSING}
    told |= {"connections": CONNECTIONS, "rate": OPEN_RATE}
    command = [sys.executable, "-m", "bench.fix_load"]
    with (product.folder / "load.log").open("wb") as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            input=json.dumps(told).encode(),
            stdout=subprocess.PIPE,
            stderr=log,
            check=False,
        )
    assert done.returncode == 0, (product.folder / "load.log").read_text()[-3000:]
    for line in done.stdout.splitlines():
        result: dict[str, Any] = json.loads(line)
        phase, share = result["phase"], result["changed"] / result["requests"]
        if phase == "closed":
            rates = [DEVICES * FIXES_A_REQUEST / seconds for seconds in result["rounds"]]
            report("fixes_http_rate", statistics.median(rates), "fixes/s", 2_500, at_most=False)
        elif phase == "open":
            latencies = [1000 * latency for latency in result["latencies"]]
            report("fixes_http_p50_at_half", percentile(latencies, 0.5), "ms", 50)
            report("fixes_http_p99_at_half", percentile(latencies, 0.99), "ms", 150)
            report("fixes_http_changed", 100 * share, "%", 12)


if __name__ == "__main__":
    main()
