"""The parts of `bench.live` that begin with a request, and the relay."""

import http.client
import json
import multiprocessing
import statistics
import threading
import time
from multiprocessing.connection import Connection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, select

from base.listen import Listener
from bench.live_world import TEXT, Ears, publish
from bench.report import percentile, report
from journal.catalogue import POST_CREATED
from journal.events import JOURNAL_CHANNEL
from journal.models import JournalCursor, OutboxRow
from journal.relay import Relay
from journal.tail import head_position, journal
from tests.product import Product
from tests.world import Organisation

ROUNDS, POSTS, POSTS_A_SECOND = 5, 250, 50
JOURNAL_POSTS, JOURNAL_POSTS_A_SECOND = 300, 100
BACKLOG = 20_000


class Posted(NamedTuple):
    """When a post was sent, by the monotonic clock, and its id."""

    at: float
    id: str


def posts_to_sockets(product: Product, org: Organisation, site: str, tokens: list[str]) -> None:
    """HTTP post → every socket, in an open loop; of several rounds the median one is told."""
    rounds = [heard_by_all(product, org, site, tokens, POSTS, POSTS_A_SECOND)[0] for _ in range(ROUNDS)]
    for share, goal in ((0.5, 25), (0.99, 100)):
        value = statistics.median(percentile(spans, share) for spans in rounds)
        report(f"live_http_post_to_{len(tokens)}_p{share * 100:.0f}", value, "ms", goal)


def heard_by_all(
    product: Product, org: Organisation, site: str, tokens: list[str], count: int, a_second: int
) -> tuple[list[float], dict[int, Posted]]:
    """Post at a steady rate to so many sockets: the milliseconds until each of them heard each post, and the posts."""
    until_all_are_at_work(product, org)
    ears = Ears(product.port)
    ears.ask("connect", tokens=tokens)
    ears.ask("record")
    ears.tell("listen", posts=count * len(tokens), timeout=60)
    posted = steady_posts(product, org, site, count, a_second)
    assert ears.answer()["heard"] == count * len(tokens)
    spans = [(at - posted[int(number)].at) * 1000 for number, at in ears.ask("recorded")["heard"]]
    ears.end()
    return spans, posted


def until_all_are_at_work(product: Product, org: Organisation) -> None:
    """What has just started is not what is measured: wait until a post has gone through relay and planner."""
    org.admin.posts(org.site("Warm-up"), "Is anybody there?")
    deadline = time.monotonic() + 30
    newest = select(func.max(journal.c.seq)).scalar_subquery()
    behind = select(exists().where(OutboxRow.id.is_not(None)) | exists().where(JournalCursor.seq < newest))
    while time.monotonic() < deadline:
        with product.world.worker.transaction() as session:
            if not session.scalar(behind):
                return
        time.sleep(0.05)
    raise AssertionError("the relay or the worker is not at work")


def post_to_journal(product: Product, org: Organisation, site: str) -> None:
    """From the making of an event, in its request's transaction, to the moment at which a reader sees it.

    Of several rounds the median one is told.
    """
    until_all_are_at_work(product, org)
    rounds = [_times_to_journal(product, org, site) for _ in range(ROUNDS)]
    value = statistics.median(percentile(spans, 0.5) for spans in rounds)
    report("live_post_to_journal_p50", value, "ms", 8)


def _times_to_journal(product: Product, org: Organisation, site: str) -> list[float]:
    # A process of its own: the posting threads would hold up one of this process.
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    arguments = (product.world.settings.worker_database_url, org.id, theirs)
    watcher = multiprocessing.get_context("spawn").Process(target=_watch, args=arguments)
    watcher.start()
    assert ours.recv() == "ready"
    with product.world.worker.transaction() as session:
        before = head_position(session, org.id)
    steady_posts(product, org, site, JOURNAL_POSTS, JOURNAL_POSTS_A_SECOND)
    time.sleep(1)
    ours.send("done")
    seen: list[tuple[int, float]] = ours.recv()
    watcher.join()
    spans = []
    with product.world.worker.transaction() as session:
        where = (
            journal.c.organisation_id == org.id,
            journal.c.position > before,
            journal.c.type == POST_CREATED.name,
        )
        for position, occurred_at in session.execute(
            select(journal.c.position, journal.c.occurred_at).where(*where)
        ):
            visible = next(at for head, at in seen if head >= position)
            spans.append((visible - occurred_at.timestamp()) * 1000)
    assert len(spans) == JOURNAL_POSTS
    return spans


def relay_speed(product: Product, org: Organisation, site: str) -> None:
    """Events a second out of a backlog."""
    for name in ("relay", "worker"):
        product.kill(name)
    speeds = []
    for _ in range(3):
        publish(product, org, [site], BACKLOG)
        begun = time.monotonic()
        moved = Relay(product.world.worker.engine).drain()
        assert moved == BACKLOG
        speeds.append(moved / (time.monotonic() - begun))
    report("relay_events", statistics.median(speeds), "1/s", 5_000, at_most=False)
    product.start_worker()


def steady_posts(
    product: Product, org: Organisation, site: str, count: int, a_second: int
) -> dict[int, Posted]:
    """Posts at a steady rate, over as many connections as it takes, by their numbers."""
    posted: dict[int, Posted] = {}
    begun, lanes = time.monotonic() + 0.1, 4

    def lane(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", product.port)
        headers = {
            "Authorization": f"Bearer {org.admin.tokens['access_token']}",
            "Content-Type": "application/json",
        }
        for number in range(first, count, lanes):
            time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
            at = time.monotonic()
            body = json.dumps({"text": f"{number} {TEXT}"})
            connection.request("POST", f"/v1/scopes/{site}/posts", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 201, content
            posted[number] = Posted(at, json.loads(content)["id"])
        connection.close()

    threads = [threading.Thread(target=lane, args=(first,)) for first in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return posted


def _watch(url: str, organisation_id: UUID, pipe: Connection) -> None:
    """Note when which position was there to be read."""
    seen: list[tuple[int, float]] = []
    listener, head = (
        Listener(url, JOURNAL_CHANNEL),
        "SELECT position FROM journal_heads WHERE organisation_id = %(id)s",
    )
    listener.wait(1)
    pipe.send("ready")
    while not pipe.poll():
        listener.wait(0.2)
        position = listener.read(organisation_id, head, {"id": str(organisation_id)})
        seen.append((position[0][0] if position else 0, time.time()))
    listener.close()
    pipe.send(seen)
