"""`make bench`: post → live, post → stand-in FCM, and the feed's page in SQL and through HTTP, small and large.

Everything runs on a cluster of its own in a temporary folder; load goes to 127.0.0.1 only and ends by itself.
"""

import http.client
import json
import statistics
import time
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import text, update

from bench.live_http import heard_by_all
from bench.live_world import signed_in
from bench.report import percentile, report
from bench.stage import running_product
from deploy.local.cluster import Cluster
from people.audience import following
from people.models import Device
from social.feed import feed
from tests.product import Product
from tests.world import Organisation, Phone

SOCKETS, POSTS, POSTS_A_SECOND = 100, 200, 20
SCOPES, PAGE, ROUNDS = 50, 50, 60
SMALL, LARGE = 50_000, 1_000_000
_A_WHILE_AGO = text("now() - interval '1 hour'")


def main() -> None:
    """All benchmarks of the main job."""
    with running_product() as (cluster, product):
        delivery(product)
        feeds(cluster, product)


def delivery(product: Product) -> None:
    """100 sockets hear 20 posts a second; one more phone, whose app was closed a while ago, is reached by push."""
    org = product.world.organisation()
    site = org.site(admission="assigned")
    sora = org.person("Sora", scopes=[site])
    sora.put("/v1/me/device/push", {"kind": "token", "address": "sora-" + "0" * 20})
    with product.world.worker.transaction() as session:
        session.execute(update(Device).where(Device.person_id == sora.id).values(last_seen_at=_A_WHILE_AGO))
    tokens = signed_in(org, SOCKETS, [site])
    live, posted = heard_by_all(product, org, site, tokens, POSTS, POSTS_A_SECOND)
    report("post_to_live_heard", len(live), "deliveries", SOCKETS * POSTS, at_most=False)
    report("post_to_live_p50", percentile(live, 0.5), "ms", 30)
    report("post_to_live_p99", percentile(live, 0.99), "ms", 120)
    pushed = pushes(product, {post.id for post in posted.values()})
    started_at = time.time() - time.monotonic()
    spans = [(pushed[post.id] - started_at - post.at) * 1000 for post in posted.values()]
    report("post_to_push_p50", percentile(spans, 0.5), "ms", 300)


def pushes(product: Product, posts: Collection[str]) -> dict[str, float]:
    """When the push of each of these posts reached the stand-in."""
    deadline, came = time.monotonic() + 60, dict[str, float]()
    while not came.keys() >= set(posts) and time.monotonic() < deadline:
        answer = requests.get(f"{product.standin}/standin/messages", timeout=30).json()["messages"]
        came = {item["message"]["data"]["post_id"]: item["received_at"] for item in answer}
        time.sleep(0.1)
    return came


def feeds(cluster: Cluster, product: Product) -> None:
    """A page of 50 over 50 scopes, with 50,000 and with 1,000,000 posts, in SQL and through HTTP."""
    org = product.world.organisation()
    sites = [org.site(f"Site {n}", admission="assigned") for n in range(SCOPES)]
    phone = org.person("Reader", scopes=sites)
    timings: dict[int, tuple[float, float]] = {}
    for size in (SMALL, LARGE):
        fill(cluster, org, sites, phone.id, size)
        timings[size] = page_times(product, org, phone)
    for size, (sql, over_http) in timings.items():
        report(f"feed_page_sql_{size}", sql, "ms", 10)
        report(f"feed_page_http_{size}", over_http, "ms", 3, against=sql)
    report("feed_growth_http", timings[LARGE][1], "ms", 1.3, against=timings[SMALL][1])
    report("feed_growth_sql", timings[LARGE][0], "ms", 1.3, against=timings[SMALL][0])


def fill(cluster: Cluster, org: Organisation, sites: list[str], author: str, size: int) -> None:
    """Bring the scopes to `size` posts, with ids in the order of time."""
    array = ",".join(f"'{site}'::uuid" for site in sites)
    cluster.psql(
        "bench",
        "-c",
        f"""INSERT INTO posts (id, organisation_id, scope_id, author_id, text)
        SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
                || substr(md5(n::text), 4, 15))::uuid,
               '{org.id}', (ARRAY[{array}])[1 + (n * 7919) % {len(sites)}], '{author}', 'post ' || n
        FROM generate_series((SELECT count(*) FROM posts WHERE author_id = '{author}') + 1, {size}) n""",
        "-c",
        """INSERT INTO subject_positions (subject_id, organisation_id, scope_id, position)
        SELECT id, organisation_id, scope_id, 1000 + row_number() OVER (ORDER BY id) FROM posts
        ON CONFLICT DO NOTHING""",
        "-c",
        "VACUUM ANALYZE posts, subject_positions",
    )


def page_times(product: Product, org: Organisation, phone: Phone) -> tuple[float, float]:
    """Median milliseconds of the page in SQL (as the web's role) and through HTTP, alternating."""
    connection = http.client.HTTPConnection("127.0.0.1", product.port)
    headers = {"Authorization": f"Bearer {phone.tokens['access_token']}"}
    person = UUID(phone.id)
    in_sql, over_http = [], []

    def ask() -> None:
        connection.request("GET", f"/v1/feed?limit={PAGE}", headers=headers)
        answer: Any = json.loads(connection.getresponse().read())
        assert len(answer["items"]) == PAGE

    with product.world.web.transaction(org.id) as session:
        scopes = following(session, person, org.id)
        session.execute(text("SELECT 1"))
        for _ in range(ROUNDS):
            in_sql.append(timed(lambda: feed(session, scopes, None, PAGE)))
            over_http.append(timed(ask))
    connection.close()
    return statistics.median(in_sql[5:]), statistics.median(over_http[5:])


def timed(act: Callable[[], Any]) -> float:
    """Milliseconds that it takes."""
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
