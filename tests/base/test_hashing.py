"""A few hashes at a time, a few who wait, and nothing that takes long while a transaction is open."""

import subprocess
import sys
import threading

import pytest

from base.database import outside_transaction
from base.errors import Forbidden, TooManyRequests
from base.work import hashing
from people.sign_in.passwords import hash_password, matches
from tests.product import ROOT
from tests.world import World

_PROCESS = """
from gevent import monkey
monkey.patch_all()
import gevent
from gevent.threadpool import ThreadPool
from base.work import hashing

hashing.install(ThreadPool(hashing.AT_ONCE).apply)
lock, at_once, most = monkey.get_original("threading", "Lock")(), 0, 0
sleep = monkey.get_original("time", "sleep")

def hashes():
    global at_once, most
    with lock:
        at_once += 1
        most = max(most, at_once)
    sleep(0.2)
    with lock:
        at_once -= 1
    return "hashed"

def comes(whose):
    try:
        with hashing.place(whose) as run:
            return run(hashes)
    except hashing.Busy as busy:
        return busy.code, busy.headers["Retry-After"]

turns = 0
def others():
    global turns
    while True:
        gevent.sleep(0.01)
        turns += 1

gevent.spawn(others)
flood = [gevent.spawn(comes, "flood") for _ in range(100)]
gevent.sleep(0)
came = [gevent.spawn(comes, f"other {each}") for each in range(hashing.AT_ONCE + 1)]
gevent.joinall(flood + came)
print([each.value for each in came].count("hashed") == hashing.AT_ONCE)
said = [each.value for each in flood + came[:-1]]
room, busy = 3 * hashing.AT_ONCE, said.count(("busy", "1"))
print(said.count("hashed") == room, busy == 100 - 2 * hashing.AT_ONCE, most == hashing.AT_ONCE, turns > 5)
print(comes(None))
"""


def test_some_hash_some_wait_and_the_others_are_told_at_once_while_the_process_goes_on() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _PROCESS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == ["True", "True True True True", "hashed"]


def test_nothing_is_hashed_while_a_transaction_is_open(world: World) -> None:
    kept = hash_password("outside of all transactions")
    with world.web.transaction() as _, hashing.place() as run:
        with pytest.raises(RuntimeError):
            hash_password("inside of one")
        with pytest.raises(RuntimeError):
            matches(run, kept, "outside of all transactions")
    with hashing.place() as run:
        assert matches(run, kept, "outside of all transactions")


@pytest.mark.parametrize("refusal", [Forbidden, TooManyRequests, ZeroDivisionError])
def test_a_transaction_is_over_however_it_ends(world: World, refusal: type[Exception]) -> None:
    with pytest.raises(refusal), world.web.transaction():
        raise refusal
    outside_transaction()


def test_one_within_another_is_still_one(world: World) -> None:
    with world.web.transaction():
        with world.worker.transaction():
            pass
        with pytest.raises(RuntimeError):
            outside_transaction()
    outside_transaction()


def test_anothers_transaction_holds_nobody_up(world: World) -> None:
    with world.web.transaction():
        outcome: list[str] = []
        thread = threading.Thread(target=lambda: outcome.append(hash_password("in another thread")))
        thread.start()
        thread.join()
    assert outcome
