"""The whole worker, from the queue to the stand-in: an alert to 45,000 phones, two workers, and 20 posts a second.

`alert` queues one notification with a delivery a phone, as the planner does, and starts the worker: what is measured
is claiming, checking again, composing, sending and recording. `post_to_standin` goes the whole way from the request.
"""

import os
import time
from uuid import uuid4

from sqlalchemy import text

from bench.live_world import rss
from bench.push_crowd import add_people, analyse, counts, messages, set_faults, statuses
from bench.push_standin import QuickStandin, quick_standin
from bench.report import percentile, report
from bench.stage import running_product
from tests.product import Product
from tests.world import Organisation

PHONES = int(os.environ.get("PHONES", "45000"))
DELAY_MS, POSTS, PAUSE_S, LONGEST_S = 50, 200, 0.05, 300.0
_QUEUE = """
WITH note AS (
    INSERT INTO notifications (id, organisation_id, kind, scope_id, subject_id, facts, expires_at)
    VALUES ('{note}', '{org}', 'alert', '{org}', '{post}', CAST(:facts AS jsonb), now() + interval '1 hour')
    RETURNING id
)
INSERT INTO deliveries (organisation_id, notification_id, person_id, device_id, why, priority, due_at, expires_at)
SELECT '{org}', note.id, d.person_id, d.id, 'alert', 0, now(), now() + interval '1 hour'
FROM note, devices d WHERE d.organisation_id = '{org}' AND d.push_address IS NOT NULL
"""


def main() -> None:
    """All lines."""
    with running_product() as (_, product):
        set_faults(product, delay_ms=DELAY_MS)
        post_to_standin(product)
        for part in ("relay", "worker"):
            product.stop_part(part)
        org = product.world.organisation()
        add_people(product, org, "phone", PHONES)
        analyse(product)
        with quick_standin(product.folder) as standin:
            measure_alert(product, org, standin)


def measure_alert(product: Product, org: Organisation, standin: QuickStandin) -> None:
    """One worker, then two."""
    one = alert(product, org, standin, ["worker"])
    report("alert_first_1000", one["first_1000_s"], "s", 3)
    report(f"alert_{PHONES}", one["seconds"], "s", 30)
    report("alert_cpu_per_message", one["cpu_ms"], "ms", 0.6)
    report("push_worker_rss", one["rss_mb"], "MB", 300)
    two = alert(product, org, standin, ["worker", "worker-2"])
    report("two_workers", PHONES / two["seconds"], "1/s", 1.6, against=PHONES / one["seconds"], at_most=False)


def alert(product: Product, org: Organisation, standin: QuickStandin, workers: list[str]) -> dict[str, float]:
    """Hand over one alert to all phones; seconds count from when the first worker claims."""
    standin.reset()
    _queue(product, org)
    where = {"FIREBASE_CREDENTIALS": str(standin.account), "FCM_ENDPOINT": standin.address}
    for worker in workers:
        product.start_worker(worker, **where)
    while statuses(product).get("queued", 0) == PHONES:
        time.sleep(0.02)
    began, first = time.monotonic(), 0.0
    busy = sum(_cpu_s(product.pid(worker)) for worker in workers)
    while time.monotonic() - began < LONGEST_S and _left(product):
        if not first and standin.counts()["delivered"] >= min(1_000, PHONES):
            first = time.monotonic() - began
        time.sleep(0.1)
    seconds = time.monotonic() - began
    busy = sum(_cpu_s(product.pid(worker)) for worker in workers) - busy
    memory = max(rss(product.pid(worker)) for worker in workers) / 1024 / 1024
    for worker in workers:
        product.stop_part(worker)
    delivered = standin.counts()["delivered"]
    assert delivered == PHONES, delivered
    return {"seconds": seconds, "first_1000_s": first, "cpu_ms": busy * 1000 / PHONES, "rss_mb": memory}


def post_to_standin(product: Product) -> None:
    """20 posts a second, each to one phone."""
    org = product.world.organisation()
    add_people(product, org, "one", 1)
    phone = product.phone(org.slug, "Admin")
    phone.post(f"/v1/scopes/{org.id}/posts", {"text": "is the worker up?"})
    _until_delivered(product, 1)
    sent: dict[str, float] = {}
    for _ in range(POSTS):
        begun = time.time()
        post = phone.post(f"/v1/scopes/{org.id}/posts", {"text": "hello"})
        sent[post["id"]] = begun
        time.sleep(max(0.0, PAUSE_S - (time.time() - begun)))
    _until_delivered(product, POSTS + 1)
    got = {one["message"]["data"]["post_id"]: one["received_at"] for one in messages(product)}
    times = [(at - sent[post]) * 1000 for post, at in got.items() if post in sent]
    report("post_to_standin_heard", len(times), "posts", POSTS, at_most=False)
    report("post_to_standin_p50", percentile(times, 0.5), "ms", 250)


def _until_delivered(product: Product, count: int) -> None:
    deadline = time.monotonic() + 30
    while counts(product)["delivered"] < count and time.monotonic() < deadline:
        time.sleep(0.1)


def _queue(product: Product, org: Organisation) -> None:
    post = org.admin.posts(str(org.id), "Leave the building.")["id"]
    facts = (
        '{"type": "post.created", "post_id": "%s", "scope_name": "Org", "scope_kind": "organisation",'
        ' "author_name": "Ada", "text": "Leave the building."}'
    )
    statement = text(_QUEUE.format(note=uuid4(), org=org.id, post=post))
    with product.world.worker.transaction() as session:
        # The post itself is not planned: only the alert is measured.
        session.execute(text("DELETE FROM outbox"))
        session.execute(statement, {"facts": facts % post})
    with product.world.owner() as connection:
        connection.execute(text("ANALYZE deliveries"))


def _left(product: Product) -> bool:
    query = text("SELECT EXISTS (SELECT FROM deliveries WHERE status IN ('queued', 'sending'))")
    with product.world.worker.transaction() as session:
        return session.execute(query).scalar_one()


def _cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
