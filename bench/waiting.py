"""`make bench-waiting`: what 5,000 waiting requests of sync cost everybody else, the process, and its memory.

Two web processes serve the same database. In one of them 5,000 phones wait, and once a second something happens for
one of them; the other is idle. A person asks both in turns. Each waits 30 seconds at a time, and asks again,
as apps do.
"""

import http.client
import multiprocessing
import statistics
import threading
import time
from multiprocessing.connection import Connection
from urllib.parse import urlsplit
from uuid import UUID

from base import ids
from bench import crowd
from bench.live_world import cpu_seconds, rss, signed_in
from bench.report import percentile, report
from bench.stage import running_product
from journal.catalogue import READ_ADVANCED
from journal.events import Event, append
from tests.product import Product
from tests.world import Organisation

WAITING, WAIT_S, ASKED, WINDOW_S, LONGEST_S = 5_000, 30, 400, 40.0, 300.0
_SCOPES = 10
_FIRST, _SETTLED_S = 300, 8.0  # these wait before the time of any of them is over


def main() -> None:
    """One line each."""
    with running_product() as (_, product):
        org = product.world.organisation()
        sites = [org.site(f"Site {n}", admission="assigned") for n in range(_SCOPES)]
        tokens = signed_in(org, WAITING, sites)
        product.world.relays()
        after = org.admin.get("/v1/me")["position"]
        (address,) = product.start_other_webs("crowded")
        asks = [Asker(each, org.admin.tokens["access_token"]) for each in (product.address, address)]
        alternating(asks)
        before, pid = rss(product.pid("crowded")), product.pid("crowded")
        ours = come(address, tokens[:_FIRST], after)
        something_happens = Happening(product, org, waiting_persons(product, org))
        time.sleep(_SETTLED_S)
        report("waiting_cpu_without_renewals", used(product, ours, _SETTLED_S)[0] * 100, "% of a core", 5)
        ours.send((address, tokens[_FIRST:], after, WAIT_S))
        ours.recv()
        report("waiting_memory_each", (rss(pid) - before) / WAITING / 1024, "KiB", 100)
        cores, answers = used(product, ours, WINDOW_S)
        report("waiting_cpu_with_their_renewals", cores * 100, "% of a core", 5)
        report("waiting_cpu_of_a_renewal", cores * WINDOW_S / max(answers, 1) * 1000, "CPU ms", 3)
        quiet, crowded = alternating(asks)
        report("waiting_others_p50", statistics.median(crowded), "ms", 1.3, against=statistics.median(quiet))
        report("waiting_others_p99", percentile(crowded, 0.99), "ms", 3.0, against=percentile(quiet, 0.99))
        something_happens.ends()
        announced(org, ours, asks)
        ours.close()


class Asker:
    """Somebody who asks who they are, over a connection that is kept."""

    def __init__(self, address: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc)
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self) -> float:
        """Milliseconds of a request."""
        began = time.perf_counter()
        self._connection.request("GET", "/v1/me", headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 200
        return (time.perf_counter() - began) * 1000


def alternating(asks: list[Asker]) -> list[list[float]]:
    """Milliseconds of both, taken in turns."""
    taken: list[list[float]] = [[] for _ in asks]
    for _ in range(ASKED):
        for times, asker in zip(taken, asks, strict=True):
            times.append(asker.ask())
        time.sleep(0.01)
    return taken


class Happening:
    """Once a second, something for one of them, from now on."""

    def __init__(self, product: Product, org: Organisation, persons: list[UUID]) -> None:
        self._product, self._org, self._persons = product, org, persons
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._ended.wait(1):
            number += 1
            person_id = self._persons[number * 7 % len(self._persons)]
            payload = {"scope_id": str(self._org.id), "post_id": str(ids.new_id()), "position": 1}
            with self._product.world.worker.transaction() as session:
                append(
                    session, self._org.id, Event(READ_ADVANCED, ids.new_id(), payload, person_id=person_id)
                )

    def ends(self) -> None:
        """No more of it."""
        self._ended.set()
        self._thread.join()


def waiting_persons(product: Product, org: Organisation) -> list[UUID]:
    """Their ids."""
    query = "SELECT id FROM persons WHERE name = 'Ear' AND organisation_id = %(org)s"
    with product.world.worker.transaction(org.id) as session:
        return list(session.connection().exec_driver_sql(query, {"org": org.id}).scalars())


def come(address: str, tokens: list[str], after: int) -> Connection:
    """Let all of them wait."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    context.Process(target=crowd.serve, args=(theirs,), daemon=True).start()
    ours.send((address, tokens, after, WAIT_S))
    ours.recv()
    return ours


def used(product: Product, ours: Connection, window_s: float) -> tuple[float, int]:
    """Cores that they use while nobody else asks anything, beyond the idle process; and how many were answered."""
    told(ours)
    pids = [product.pid(name) for name in ("web", "crowded")]
    before, began = [cpu_seconds(pid) for pid in pids], time.monotonic()
    time.sleep(window_s)
    took = time.monotonic() - began
    answers, _ = told(ours)
    idle, crowded = ((cpu_seconds(pid) - cpu) / took for pid, cpu in zip(pids, before, strict=True))
    return crowded - idle, answers


def told(ours: Connection) -> tuple[int, int]:
    """How many answers came since this was asked last, and how many events in them."""
    ours.send(None)
    return ours.recv()


def announced(org: Organisation, ours: Connection, asks: list[Asker]) -> None:
    """Something for all of them: until the last has it, and what others feel of it meanwhile."""
    told(ours)
    began, heard = time.monotonic(), 0
    org.admin.posts(str(org.id), "All to the gate")
    times: list[float] = []
    while heard < WAITING and time.monotonic() - began < LONGEST_S:
        times.append(asks[1].ask())
        heard += told(ours)[1]
    report("waiting_all_called", time.monotonic() - began, "s", 60)
    report("waiting_others_p99_while_all_are_called", percentile(times, 0.99), "ms", 500)


if __name__ == "__main__":
    main()
