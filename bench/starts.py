"""`make bench-starts`: the computing time of each process from its start until it does its work.

A restart takes everyone who waits for it that long, and longer where the machine is busy. The web process is there
when it says that it is ready, the relay when an event is in the journal, the worker when a push is at the stand-in;
the process that reads a foreign file has no life but its start.
"""

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from bench.live_world import cpu_seconds
from bench.push_crowd import add_people
from bench.report import report
from bench.stage import running_product
from geo.files.formats import read_file
from tests.product import Product
from tests.world import Organisation

ROUNDS, GOAL_S, LONGEST_S, LOOK_S = 5, 1.5, 60.0, 0.02
_RELAYED = text("SELECT NOT EXISTS (SELECT FROM outbox)")
_KML = b"""<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Depot</name><Polygon><outerBoundaryIs>
<LinearRing><coordinates>127,37.5 127.001,37.5 127.001,37.501 127,37.501 127,37.5</coordinates></LinearRing>
</outerBoundaryIs></Polygon></Placemark></kml>"""


def main() -> None:
    """One line a process."""
    with running_product() as (_, product):
        org = product.world.organisation()
        (phone,) = add_people(product, org, "phone", 1)
        starts: dict[str, Callable[[], Any]] = {
            "web": product.start_web,
            "relay": lambda: relayed(product, org),
            "worker": lambda: pushed(product, org, phone),
        }
        for name, start in starts.items():
            report(f"start_{name}", statistics.median(spent(product, name, start)), "CPU s", GOAL_S)
    report("start_file_reader", statistics.median(read() for _ in range(ROUNDS)), "CPU s", GOAL_S)


def spent(product: Product, name: str, start: Callable[[], Any]) -> list[float]:
    """CPU seconds of a process until it works, once a round."""
    seconds: list[float] = []
    for _ in range(ROUNDS):
        product.kill(name)
        start()
        seconds.append(cpu_seconds(product.pid(name)))
    return seconds


def relayed(product: Product, org: Organisation) -> None:
    """Start the relay; it is there once an event that waited for it has left the outbox."""
    org.admin.posts(str(org.id), "Who is at the gate?")
    product.start_relay()
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        with product.world.worker.transaction() as session:
            if session.scalar(_RELAYED):
                return
        time.sleep(LOOK_S)
    raise TimeoutError("the relay does not start")


def pushed(product: Product, org: Organisation, phone: str) -> None:
    """Start the worker; it is there once the push that waited for it is at the stand-in."""
    before = len(product.pushed(phone, wait_s=LOOK_S))
    org.admin.posts(str(org.id), "The crane is free.")
    product.start_worker()
    if len(product.pushed(phone, before + 1, LONGEST_S)) <= before:
        raise TimeoutError("the worker does not start")


def read() -> float:
    """CPU seconds of the process that reads a file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    read_file(_KML, "depot.kml")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
