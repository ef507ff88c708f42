"""What Prometheus is told: numbers of the queue and of what became of it, and nobody's name."""

import dataclasses
import re
import threading
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from base import clock
from jobs.metrics import serve_metrics
from push.reports.metrics import metrics
from tests.product import free_port
from tests.push.reports.receipts import came_of
from tests.stories.notices import alerts, announces
from tests.stories.pushes import reachable
from tests.world import World


def told(world: World) -> dict[str, float]:
    with world.worker.transaction() as session:
        lines = metrics(session, "push").splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs}


def test_the_queue_and_what_came_of_it(fresh_world: World) -> None:
    org = fresh_world.organisation()
    bob, scope = reachable(org, "Bob"), str(org.id)
    alert, news = alerts(org.admin, scope, "the secret word"), announces(org.admin, scope)
    late = clock.now() - timedelta(seconds=90)
    came_of(org, alert, bob, "queued", priority=0, due_at=late)
    came_of(org, news, bob, "sending", due_at=clock.now() + timedelta(minutes=1))
    came_of(org, news, bob, "sent", sent_at=clock.now() + timedelta(seconds=2))
    came_of(org, news, bob, "failed", reason="unregistered")
    came_of(org, news, bob, "dead", reason=f"token of {bob.name} <is> bad")
    numbers = told(fresh_world)
    assert numbers['hereabouts_push_waiting{priority="0"}'] == 1
    assert numbers['hereabouts_push_waiting{priority="2"}'] == 0
    assert numbers['hereabouts_push_in_flight{priority="2"}'] == 1
    assert 90 <= numbers['hereabouts_push_oldest_due_seconds{priority="0"}'] < 120
    assert numbers['hereabouts_push_oldest_due_seconds{priority="2"}'] == 0
    recent = 'hereabouts_push_recent{{status="{}",action="show",why="announcement",reason="{}"}}'
    assert numbers[recent.format("failed", "unregistered")] == 1
    assert numbers[recent.format("dead", "other")] == 1
    assert 1.5 < numbers['hereabouts_push_latency_seconds{priority="2",quantile="0.5"}'] < 4
    assert numbers["hereabouts_push_dead"] == 1
    everything = str(numbers)
    for word in ("secret", "Bob", str(org.id), org.slug):
        assert word not in everything


def test_how_far_behind_relay_and_planner_are(fresh_world: World) -> None:
    org = fresh_world.organisation()
    org.admin.posts(str(org.id), "one")
    assert told(fresh_world)["hereabouts_relay_backlog_events"] >= 1
    fresh_world.relays()
    assert told(fresh_world)["hereabouts_relay_backlog_events"] == 0


def test_a_worker_answers_on_its_own_port_and_nothing_else(fresh_world: World) -> None:
    port, stopping = free_port(), threading.Event()
    settings = dataclasses.replace(fresh_world.settings, metrics_port=port)
    serving = threading.Thread(target=serve_metrics, args=(settings, fresh_world.worker, stopping))
    serving.start()
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1_000):
            try:
                body = urllib.request.urlopen(f"{address}/metrics", timeout=5).read().decode()  # noqa: S310
                break
            except urllib.error.URLError:
                serving.join(0.01)
        else:
            raise AssertionError("nobody answers")
        assert re.search(r'^hereabouts_push_waiting\{priority="0"\} 0$', body, re.M)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/", timeout=5)  # noqa: S310
    finally:
        stopping.set()
        serving.join(5)
