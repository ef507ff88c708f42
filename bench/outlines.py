"""`make bench-outlines`: how long others wait while detailed outlines are drawn, imported, listed and sent.

Twenty zones of 29,000 corners, and one web process. Another process asks `GET /v1/me` every 10 ms while each step does
its work; told is the longest that it waited, and what the web process computed meanwhile (its children apart). All runs
on a cluster of its own in a temporary folder and ends by itself.
"""

import http.client
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.live_world import cpu_seconds
from bench.report import report
from bench.stage import running_product
from tests.product import Product
from tests.world import Phone, feature, square

ROOT = Path(__file__).resolve().parent.parent
ZONES, CORNERS, LON, LAT = 20, 29_000, 127.0, 37.5
FILE_ZONES = 10  # with all their digits, eleven megabytes and a half
EVERY_S, LONGEST_MS = 0.01, 50


def main() -> None:
    """Draw, import, list, send, and judge."""
    if sys.argv[1:2] == ["ask"]:
        print(json.dumps(ask(int(sys.argv[2]), sys.argv[3])))
        return
    with running_product() as (_, product):
        measure(product)


def measure(product: Product) -> None:
    """Each step by itself."""
    organisation = product.world.organisation()
    ada = organisation.admin
    bob = organisation.person("Bob")
    body = feature(square(LON, LAT, 0.02), name="Depot", admission="open")
    site = json.loads(_sent(product, ada, "POST", "/v1/admin/sites", body)[1])["id"]
    path = f"/v1/admin/sites/{site}/zones"
    zones = [feature(outline(n), name=f"Zone {n}", admission="open") for n in range(ZONES)]
    first = json.loads(_sent(product, ada, "POST", path, zones[0])[1])["id"]

    def all_others() -> int:
        return [_sent(product, ada, "POST", path, zone)[0] for zone in zones[1:]][-1]

    features = [
        feature(outline(n + 100), kind="zone", site_id=site, name=f"N {n}") for n in range(FILE_ZONES)
    ]
    file = {"type": "FeatureCollection", "features": features}
    edit = {"type": "Feature", "geometry": outline(0.5)}
    draft = feature(outline(3), kind="zone", name="Draft")
    steps: dict[str, Callable[[], int]] = {
        "nothing": lambda: _nothing(product, ada),
        "draw_19": all_others,
        "me_regions": lambda: _sent(
            product, bob, "GET", f"/v1/me/regions?boundaries=true&lon={LON}&lat={LAT}"
        )[0],
        "bundle": lambda: _sent(product, bob, "GET", f"/v1/sites/{site}/bundle")[0],
        "list_zones": lambda: _sent(product, ada, "GET", f"{path}?limit=100")[0],
        "read_zone": lambda: _sent(product, ada, "GET", f"/v1/admin/zones/{first}")[0],
        "edit_zone": lambda: _sent(product, ada, "PATCH", f"/v1/admin/zones/{first}", edit)[0],
        "draft": lambda: _sent(product, ada, "POST", f"/v1/admin/sites/{site}/drafts", draft)[0],
        "import": lambda: _sent(product, ada, "POST", "/v1/admin/places/import", file)[0],
        "import_file": lambda: _sent(
            product,
            ada,
            "POST",
            "/v1/admin/places/import/file?filename=a.json",
            file,
            "application/octet-stream",
        )[0],
    }
    for name, step in steps.items():
        told(product, bob, name, step)


def told(product: Product, watching: Phone, name: str, step: Callable[[], int]) -> None:
    """Do one step with somebody asking beside it."""
    command = [
        sys.executable,
        "-m",
        "bench.outlines",
        "ask",
        str(product.port),
        watching.tokens["access_token"],
    ]
    asking = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert asking.stdout is not None
    asking.stdout.readline()  # it asks
    computed, began = cpu_seconds(product.pid("web")), time.monotonic()
    status = step()
    took, computed = time.monotonic() - began, cpu_seconds(product.pid("web")) - computed
    waited = json.loads(asking.communicate(b"")[0])
    assert status in (200, 201), (name, status)
    report(f"outlines_{name}_longest_wait", 1000 * max(waited), "ms", LONGEST_MS)
    report(f"outlines_{name}_seconds", took, "s", 60)
    report(f"outlines_{name}_cpu", computed, "s", 10)


def _nothing(product: Product, ada: Phone) -> int:
    """How long one waits on this machine in any case."""
    time.sleep(5.0)
    return _sent(product, ada, "GET", "/v1/me")[0]


def ask(port: int, token: str) -> list[float]:
    """Ask who one is, every 10 ms, until standard input ends; how many seconds each answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    ended = subprocess.Popen(["cat"], stdin=sys.stdin, stdout=subprocess.DEVNULL)
    waited: list[float] = []
    while ended.poll() is None:
        began = time.monotonic()
        connection.request("GET", "/v1/me", headers={"Authorization": f"Bearer {token}"})
        connection.getresponse().read()
        waited.append(time.monotonic() - began)
        if len(waited) == 20:
            print(flush=True)
        time.sleep(max(0.0, EVERY_S - waited[-1]))
    return waited


def outline(number: float) -> dict[str, Any]:
    """A jagged outline of some 400 m, somewhere in the site."""
    chance = random.Random(number)
    lon, lat = LON + (number % 5) * 0.004 - 0.008, LAT + (number // 5 % 5) * 0.004 - 0.008
    ring: list[list[float]] = []
    for corner in range(CORNERS):
        angle, radius = 2 * math.pi * corner / CORNERS, 0.002 * (1 + 0.02 * chance.random())
        ring.append([lon + radius * math.cos(angle), lat + radius * math.sin(angle)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _sent(
    product: Product, phone: Phone, method: str, path: str, body: Any = None, media: str = "application/json"
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=120)
    headers = {
        "Authorization": f"Bearer {phone.tokens['access_token']}",
        "If-Match": "*",
        "Content-Type": media,
    }
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


if __name__ == "__main__":
    main()
