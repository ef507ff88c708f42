"""What Prometheus is told: numbers of the queue and of what became of it, and nobody's name."""

import dataclasses
import re
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
import structlog
from sqlalchemy import select, text
from structlog.testing import LogCapture

import base.exposition
from base import clock
from base.database import table_of
from base.watchdog import Watchdog
from jobs.metrics import serve_metrics
from journal.models import OutboxRow
from push.plans.planner import READER
from push.reports.metrics import metrics
from tests.product import ROOT, free_port
from tests.push.reports.receipts import came_of
from tests.stories.notices import alerts, announces
from tests.stories.pushes import followed, plans, reachable
from tests.stories.waiting import until
from tests.world import World


def told(world: World, reader: str | None = READER) -> dict[str, float]:
    with world.worker.transaction() as session:
        lines = metrics(session, reader).splitlines()
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
    assert 90 <= numbers['hereabouts_push_oldest_due_seconds{priority="0"}'] < 3_600
    assert numbers['hereabouts_push_oldest_due_seconds{priority="2"}'] == 0
    recent = 'hereabouts_push_recent{{status="{}",action="show",why="announcement",reason="{}"}}'
    assert numbers[recent.format("failed", "unregistered")] == 1
    assert numbers[recent.format("dead", "other")] == 1
    assert 1.5 < numbers['hereabouts_push_latency_seconds{priority="2",quantile="0.5"}'] < 600
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


def ages_outbox(world: World, hours: int) -> None:
    """Let everything that is not in the journal have waited for so long."""
    outbox = table_of(OutboxRow)
    with world.owner() as connection:
        for event_id in connection.scalars(select(outbox.c.event_id)).all():
            older = UUID(int=event_id.int - (hours * 3_600_000 << 80))
            connection.execute(outbox.update().where(outbox.c.event_id == event_id).values(event_id=older))


def test_one_event_that_nobody_moves_is_old(fresh_world: World) -> None:
    assert told(fresh_world)["hereabouts_relay_oldest_seconds"] == 0
    org = fresh_world.organisation()
    org.admin.posts(str(org.id), "one")
    assert told(fresh_world)["hereabouts_relay_oldest_seconds"] < 3_600
    ages_outbox(fresh_world, hours=2)
    assert 7_200 <= told(fresh_world)["hereabouts_relay_oldest_seconds"] < 10_800
    fresh_world.relays()
    assert told(fresh_world)["hereabouts_relay_oldest_seconds"] == 0


def test_one_event_that_nobody_plans_is_old(fresh_world: World) -> None:
    org = followed(fresh_world)
    assert told(fresh_world)["hereabouts_push_planner_oldest_seconds"] == 0
    org.admin.posts(str(org.id), "one")
    fresh_world.relays()
    with fresh_world.owner() as connection:
        connection.execute(text("SELECT ensure_journal_partitions()"))
        earlier = "UPDATE journal SET recorded_at = recorded_at - interval '90 seconds'"
        connection.execute(text(earlier))
    assert 90 <= told(fresh_world)["hereabouts_push_planner_oldest_seconds"] < 3_600
    assert told(fresh_world)["hereabouts_push_planner_lag_events"] >= 1
    plans(fresh_world)
    assert told(fresh_world)["hereabouts_push_planner_oldest_seconds"] == 0


def test_what_is_too_late_to_be_sent_does_not_wait(fresh_world: World) -> None:
    org = fresh_world.organisation()
    bob = reachable(org, "Bob")
    alert = alerts(org.admin, str(org.id), "once")
    long_ago = clock.now() - timedelta(hours=2)
    came_of(org, alert, bob, "queued", priority=0, due_at=long_ago, expires_at=long_ago)
    assert told(fresh_world)['hereabouts_push_oldest_due_seconds{priority="0"}'] == 0
    assert told(fresh_world)['hereabouts_push_waiting{priority="0"}'] == 1


def test_where_nobody_plans_nobody_is_behind(fresh_world: World) -> None:
    org = fresh_world.organisation()
    org.admin.posts(str(org.id), "one")
    fresh_world.relays()
    assert not [name for name in told(fresh_world, None) if "planner" in name]


def test_the_alert_rules_ask_for_metrics_that_are_told(fresh_world: World) -> None:
    with fresh_world.worker.transaction() as session:
        told = "\n".join([metrics(session, READER), *Watchdog().lines()])
    known = set(re.findall(r"^# TYPE (\w+) (?:gauge|counter)$", told, re.M))
    rules = re.findall(r"- \{alert: (\w+), expr: '(.*?)'", (ROOT / "docs" / "operations.md").read_text())
    assert {name for name, _ in rules} > {"RelayStands", "PlannerStands"}
    assert {asked for _, rule in rules for asked in re.findall(r"hereabouts_\w+", rule)} <= known


class Serving:
    """A worker's thread that tells metrics on a port."""

    def __init__(self, world: World, port: int) -> None:
        settings = dataclasses.replace(world.settings, metrics_port=port)
        self._stopping = threading.Event()
        arguments = (settings, world.worker, self._stopping, 0.05)
        self._thread = threading.Thread(target=serve_metrics, args=arguments)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()


def answer(port: int) -> str:
    """What is told on a port, once somebody answers."""
    told: list[str] = []

    def asks() -> bool:
        with suppress(urllib.error.URLError):
            told.append(
                urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read().decode()
            )
        return bool(told)

    until(asks)
    return told[0]


def test_a_worker_answers_on_its_own_port_and_nothing_else(fresh_world: World) -> None:
    port = free_port()
    serving = Serving(fresh_world, port)
    try:
        assert re.search(r'^hereabouts_push_waiting\{priority="0"\} 0$', answer(port), re.M)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60)
    finally:
        serving.stop()


def test_of_two_workers_with_one_port_one_says_so_once_and_takes_over(
    fresh_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, said = free_port(), LogCapture()
    listening = structlog.wrap_logger(structlog.PrintLogger(), [said], structlog.BoundLogger)
    monkeypatch.setattr(base.exposition, "log", listening)
    first = Serving(fresh_world, port)
    answer(port)
    second = Serving(fresh_world, port)
    until(lambda: len(said.entries) == 2)
    answer(port)
    first.stop()
    until(lambda: len(said.entries) > 2)
    answer(port)
    second.stop()
    served, told, taken_over = said.entries
    assert [log["event"] for log in (served, taken_over)] == ["metrics_served"] * 2
    assert (told["event"], told["port"]) == ("metrics_port_not_had", port)
    assert told["error"] == "Address already in use"
