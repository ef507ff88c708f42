"""Work in another process: what comes back, what does not stop, and what never outlives its parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from base.doing import ASKER
from base.work.apart import Busy, Children, TooMuchWork
from geo.shapes.boundaries import parse_boundary
from geo.shapes.geojson import BoundaryRefused
from tests.product import ROOT
from tests.stories.waiting import begins, until

_ON_GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent, math, time
from base.work.apart import apart

assert apart(math.sqrt, 9.0) == 3.0
ticks = []
def ticking():
    while True:
        ticks.append(time.monotonic())
        gevent.sleep(0.01)
beside = gevent.spawn(ticking)
both = [gevent.spawn(apart, time.sleep, 1.0) for _ in range(2)]
gevent.joinall(both, raise_error=True)
print(len(ticks) > 20)
"""
_COMPUTES = """
import sys, time
from base.work.apart import _children, apart
apart(int)
print(*_children.pids, flush=True)
apart(time.sleep, 600)
"""


@pytest.fixture
def children() -> Iterator[Children]:
    made = Children(processes=1, waiting=1, longest_s=60)
    yield made
    made.close()


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as told:
        return told.read().rpartition(")")[2].split()[0] != "Z"


def test_a_value_comes_back_and_so_does_a_problem_with_all_that_it_says(children: Children) -> None:
    assert children.run(max, 1, 2) == 2
    with pytest.raises(BoundaryRefused) as refused:
        children.run(parse_boundary, {"type": "Polygon", "coordinates": [[[200000, 1], [1, 1], [2, 2]]]})
    assert refused.value.code == "boundary_projected"
    assert refused.value.errors[0]["pointer"] == "/geometry/coordinates/0/0"
    assert len(children.pids) == 1


def test_one_child_does_one_thing_after_the_other(children: Children) -> None:
    assert {children.run(os.getpid) for _ in range(3)} == set(children.pids)
    assert os.getpid() not in children.pids


def test_it_knows_no_secrets(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret for tests, thirty-two characters long")
    assert children.run(os.getenv, "SECRET_KEY") is None


def test_what_takes_too_long_is_ended_and_the_next_has_a_child_of_its_own() -> None:
    children = Children(processes=1, waiting=1, longest_s=3)
    first = children.run(os.getpid)
    with pytest.raises(TooMuchWork) as refused:
        children.run(time.sleep, 600)
    assert (refused.value.status, refused.value.code) == (422, "too_much_work")
    assert not is_there(first)
    assert children.run(os.getpid) != first
    children.close()


@pytest.mark.parametrize(("function", "arguments"), [(bytes, [3 * 1024**3]), (os.abort, []), (os._exit, [0])])
def test_neither_too_much_memory_nor_a_crash_does_more_than_refuse(
    children: Children, function: object, arguments: list[int]
) -> None:
    with pytest.raises(TooMuchWork):
        children.run(function, *arguments)  # type: ignore[arg-type]
    assert children.run(max, 1, 2) == 2


def test_a_fault_of_ours_is_a_fault_and_no_refusal(children: Children) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        children.run(divmod, 1, 0)


def test_one_too_many_is_refused_at_once_and_there_is_room_again_afterwards(children: Children) -> None:
    working = [begins(children.run, time.sleep, 2.0) for _ in range(2)]  # one works, one waits
    until(lambda: children._asked == 2)
    began = time.monotonic()
    with pytest.raises(Busy) as refused:
        children.run(int)
    assert time.monotonic() - began < 1.0
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
    for thread in working:
        thread.join()
    assert children.run(max, 1, 2) == 2


def test_one_person_leaves_a_child_and_half_of_the_places_to_others() -> None:
    children = Children(processes=2, waiting=2)

    def asks_as(who: str, *asked: object) -> object:
        ASKER.set(who)
        return children.run(*asked)  # type: ignore[arg-type]

    working = [begins(asks_as, "greedy", time.sleep, 2.0) for _ in range(2)]
    until(lambda: children._asked == 2)
    began = time.monotonic()
    with pytest.raises(Busy):
        copy_context().run(asks_as, "greedy", int)
    assert copy_context().run(asks_as, "modest", max, 1, 2) == 2
    assert time.monotonic() - began < 1.9
    for thread in working:
        thread.join()
    assert time.monotonic() - began > 3.0  # one after the other
    assert children._askers == {}
    children.close()


def test_on_gevent_others_go_on(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ON_GEVENT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_its_parent_in_the_middle_of_its_work(end: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _COMPUTES], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_there(child)
    parent.send_signal(end)
    parent.wait()
    parent.stdout.close()
    until(lambda: not is_there(child))


def test_many_threads_share_the_children() -> None:
    children, found = Children(processes=2, waiting=20), set[int]()
    threads = [threading.Thread(target=lambda: found.add(children.run(os.getpid))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(found) <= 2
    children.close()
