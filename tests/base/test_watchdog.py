"""The watchdog sees whatever holds the event loop, says what that was, and is not fooled by what does not."""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest

from base.doing import DOING
from base.watchdog import HELD_S, Watchdog


class Watched(Watchdog):
    """The watchdog of this thread, and what it said."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        super().__init__(lambda _event, **said: self.said.append(said))

    def told(self, act: Callable[..., Any], *arguments: Any, doing: str = "GET /v1/things") -> list[Any]:
        """What it says when a greenlet does something."""

        def handles() -> None:
            DOING.set(doing)
            act(*arguments)
            gevent.sleep(0)

        self.said = []
        gevent.spawn(handles).join()
        gevent.sleep(0.01)
        return [hold for hold in self.said if hold["doing"] == doing]


@pytest.fixture
def watchdog() -> Iterator[Watched]:
    made = Watched()
    made.start()
    gevent.sleep(0.01)
    yield made
    made.stop()


def computes(seconds: float) -> None:
    """Use the thread's time, whoever else uses the machine."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


def test_computing_is_told_with_its_route_and_place(watchdog: Watched) -> None:
    (hold,) = watchdog.told(computes, 0.3)
    assert hold["ms"] >= hold["cpu_ms"] >= 200
    assert any("tests/base/test_watchdog.py" in frame and "computes" in frame for frame in hold["stack"])
    assert 'hereabouts_loop_held_total{doing="GET /v1/things"} 1' in watchdog.lines()


def test_blocking_is_told_as_time_in_which_nothing_was_computed(watchdog: Watched) -> None:
    (hold,) = watchdog.told(time.sleep, 0.3)
    assert hold["ms"] >= 300
    assert hold["cpu_ms"] < 100


def test_one_who_lets_nobody_look_is_told_all_the_same(watchdog: Watched) -> None:
    (hold,) = watchdog.told(sorted, [*range(1_000_000, 0, -1)] * 4)  # keeps the interpreter to itself
    assert hold["ms"] >= HELD_S * 1000
    assert hold["stack"]


def test_many_short_runs_are_no_hold(watchdog: Watched) -> None:
    def works() -> None:
        for _ in range(100):
            computes(0.002)
            gevent.sleep(0)

    assert [hold for hold in watchdog.told(works) if hold["cpu_ms"] >= HELD_S * 1000] == []


def test_a_callback_of_the_loop_itself_is_told(watchdog: Watched) -> None:
    gevent.get_hub().loop.run_callback(computes, 0.2)
    (hold,) = watchdog.told(gevent.sleep, 0.05, doing="loop")
    assert hold["cpu_ms"] >= 100


def test_waiting_is_no_hold_and_costs_no_looks(watchdog: Watched) -> None:
    gevent.sleep(0.3)
    before = watchdog.looks
    assert watchdog.told(gevent.sleep, 1.0) == []
    assert watchdog.looks - before < 20
    (hold,) = watchdog.told(computes, 0.2)  # and it wakes up for it
    assert "computes" in str(hold["stack"])


def test_what_repeats_is_told_once_in_a_while_and_counted_always(watchdog: Watched) -> None:
    assert len([hold for _ in range(3) for hold in watchdog.told(computes, 0.08)]) == 1
    assert watchdog.holds["GET /v1/things"] == 3
    (long,) = watchdog.told(computes, 0.4)
    assert long["untold"] == 2


def test_collecting_garbage_is_told_apart(watchdog: Watched) -> None:
    kept: Any = [{} for _ in range(1_500_000)]
    (hold,) = watchdog.told(gc.collect)
    del kept
    assert hold["gc_ms"] >= HELD_S * 1000
    assert watchdog.gc_longest >= HELD_S
