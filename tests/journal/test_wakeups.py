"""Waiting for the journal in a process: nothing is missed between a look and the waiting, and few look at a time."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID

import pytest

from base import ids
from journal.catalogue import POST_CREATED
from journal.events import Event, append
from journal.tail import head_in_epoch
from journal.waiters import Waiting
from journal.wakeups import Wakeups
from tests.stories.waiting import until
from tests.world import Organisation, World


class Process:
    """What the requests of one process share, and an organisation whose people wait in it."""

    def __init__(self, world: World, **bounds: int) -> None:
        self.org: Organisation = world.organisation()
        world.relays()
        self.wakeups = Wakeups(world.settings.database_url, **bounds)
        self.pool = ThreadPoolExecutor(16)

    def sees(self, *addresses: UUID, session_id: UUID | None = None, seconds: float = 30) -> Waiting:
        """A look, after which somebody would wait."""
        with self.org.world.web.transaction(self.org.id) as session:
            head = head_in_epoch(session, self.org.id)
        return Waiting(seconds, self.org.id, session_id or ids.new_id(), addresses, *head)

    def waits(self, waiting: Waiting, ticket: int | None = None, began: float | None = None) -> bool:
        """Wait; returns whether something has come."""
        began = time.monotonic() if began is None else began
        ticket = self.wakeups.ticket() if ticket is None else ticket
        with self.wakeups.turn(waiting, ticket, began) as looks:
            return looks

    def happens(self, *scope_ids: UUID) -> None:
        """Events come into the journal."""
        with self.org.world.worker.transaction() as session:
            append(
                session,
                self.org.id,
                *(Event(POST_CREATED, ids.new_id(), {}, scope_id=each) for each in scope_ids),
            )
        self.org.world.relays()

    def somebody_waits(self, *addresses: UUID) -> None:
        """Beside the test; returns when they do."""
        before = self.wakeups.waiting()
        self.pool.submit(self.waits, self.sees(*addresses))
        until(lambda: self.wakeups.waiting() > before)

    def ends(self) -> None:
        for waiter in list(self.wakeups.seats._sessions.values()):
            self.waits(self.sees(session_id=waiter.session_id, seconds=0.01))
        self.pool.shutdown()


@pytest.fixture
def process(world: World) -> Iterator[Process]:
    made = Process(world, looks=2)
    yield made
    made.ends()


def test_what_comes_between_the_first_look_of_all_and_the_waiting_is_not_missed(process: Process) -> None:
    ticket, waiting = process.wakeups.ticket(), process.sees(process.org.id)
    process.happens(process.org.id)
    assert process.waits(waiting, ticket)  # the reader begins with a look


def test_what_was_announced_when_nobody_of_the_organisation_waited_is_not_missed(process: Process) -> None:
    other = Process(process.org.world)
    other.wakeups = process.wakeups
    other.somebody_waits(ids.new_id())
    until(process.wakeups.ticket)  # the reader is at work
    ticket, waiting = process.wakeups.ticket(), process.sees(process.org.id)
    process.happens(process.org.id)
    until(lambda: process.wakeups.ticket() > ticket)
    assert process.waits(waiting, ticket)
    other.ends()


def test_what_was_handed_out_between_the_look_and_the_waiting_is_not_missed(process: Process) -> None:
    site = ids.new_id()
    process.somebody_waits(ids.new_id())
    ticket, waiting, another = process.wakeups.ticket(), process.sees(process.org.id), process.sees(site)
    process.happens(process.org.id)
    until(lambda: process.wakeups.handed_out(process.org.id) == waiting.position + 1)
    assert process.waits(waiting, ticket)
    another.seconds = 0.2
    assert not process.waits(another, ticket)


def test_an_older_request_that_looks_again_does_not_take_the_younger_ones_place(process: Process) -> None:
    session_id, org_id = ids.new_id(), process.org.id
    began = time.monotonic()
    older = process.sees(org_id, session_id=session_id)
    younger = process.pool.submit(process.waits, process.sees(org_id, session_id=session_id))
    until(lambda: process.wakeups.waiting() == 1)
    assert not process.waits(older, began=began)
    assert time.monotonic() - began < 29
    assert not younger.done()
    process.happens(org_id)
    assert younger.result()


def test_beyond_as_many_as_may_wait_one_is_answered_at_once(world: World) -> None:
    process = Process(world, most=1)
    process.somebody_waits(ids.new_id())
    began = time.monotonic()
    assert not process.waits(process.sees(process.org.id))
    assert time.monotonic() - began < 29
    process.ends()


def test_of_many_who_are_called_few_look_at_a_time_and_all_in_their_turn(process: Process) -> None:
    looked, most, gate = list[int](), list[int](), threading.Semaphore(0)

    def waits(number: int, waiting: Waiting) -> None:
        with process.wakeups.turn(waiting, process.wakeups.ticket(), time.monotonic()) as looks:
            assert looks
            looked.append(number)
            most.append(process.wakeups.seats.looking)
            gate.acquire()

    for number in range(6):
        process.pool.submit(waits, number, process.sees(process.org.id))
    until(lambda: process.wakeups.waiting() == 6)
    process.happens(process.org.id)
    until(lambda: len(looked) == 2)
    assert process.wakeups.waiting() == 4
    gate.release(6)
    until(lambda: process.wakeups.waiting() + process.wakeups.seats.looking == 0)
    assert (sorted(looked), max(most)) == (list(range(6)), 2)


def test_a_look_that_fails_gives_its_turn_back(process: Process) -> None:
    for _ in range(3):
        ticket, waiting = process.wakeups.ticket(), process.sees(process.org.id)
        process.happens(process.org.id)
        with ExitStack() as turn, pytest.raises(ZeroDivisionError):
            assert turn.enter_context(process.wakeups.turn(waiting, ticket, time.monotonic()))
            raise ZeroDivisionError
    assert process.wakeups.seats.looking == 0
