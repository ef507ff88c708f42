"""The tail of a web process: nobody's events wait for another organisation's silence, and no fault ends it."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from base import ids
from base.listen import Listener
from deploy.local.cluster import Cluster
from journal.catalogue import POST_CREATED
from journal.events import Event, append
from journal.relay import Relay
from live.hub import Hub
from live.kept import kept_running
from live.subscribers import Subscriber
from live.tail import JournalTail
from tests.live.subscribers import Ear
from tests.stories.waiting import until
from tests.world import World

WAIT_S = 120.0


class Follower:
    """A tail in a thread of its own, and what it delivered."""

    def __init__(self, world: World) -> None:
        self.world, self.hub, self.delivered = world, Hub(), list[Any]()
        self.let_go = 0
        self.fails: Callable[[Any], bool] = lambda _: False
        self.tail = JournalTail(
            world.settings.database_url, self.hub, self._deliver, lambda: None, self._start_over
        )
        self._thread = threading.Thread(target=self.tail.run)
        self._thread.start()

    def connects(self, organisation_id: UUID, position: int = 0) -> None:
        """A socket of the organisation, which has everything up to a position."""
        sid = str(organisation_id)
        subscriber = Subscriber(sid, Ear(), ids.new_id(), ids.new_id(), organisation_id, position, 0.0)
        assert self.hub.admit(subscriber, [])

    def happens(self, organisation_id: UUID, times: int = 1) -> None:
        """Events come into the journal."""
        with self.world.worker.transaction() as session:
            for _ in range(times):
                event = Event(POST_CREATED, ids.new_id(), {}, scope_id=organisation_id)
                append(session, organisation_id, event)
        Relay(self.world.worker.engine).drain()

    def positions(self, organisation_id: UUID) -> list[int]:
        """What was delivered of an organisation."""
        return [event.position for event in self.delivered if event.organisation_id == organisation_id]

    def ends(self) -> None:
        self.tail.stopping = True
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()

    def _start_over(self) -> None:
        for subscriber in self.hub.subscribers():
            self.hub.dismiss(subscriber.sid)
        self.let_go += 1

    def _deliver(self, event: Any) -> None:
        if self.fails(event):
            raise RuntimeError("no such word")
        self.hub.apply(event)
        self.delivered.append(event)


@pytest.fixture
def follower(fresh_world: World) -> Iterator[Follower]:
    follower = Follower(fresh_world)
    yield follower
    follower.ends()


def test_a_chatty_neighbour_does_not_hide_what_came_before_the_first_socket(follower: Follower) -> None:
    chatty, quiet = ids.new_id(), ids.new_id()
    follower.connects(chatty)
    follower.happens(quiet)  # its wake-up finds nobody
    until(lambda: follower.positions(chatty), lambda: follower.happens(chatty))
    follower.connects(quiet)
    until(lambda: follower.positions(quiet), lambda: follower.happens(chatty))
    assert follower.positions(quiet) == [1]


def test_nothing_of_another_epoch_is_delivered_and_all_sockets_are_let_go(follower: Follower) -> None:
    organisation = ids.new_id()
    assert follower.hub.is_in(ids.new_id())  # of a database that is no more
    follower.connects(organisation)
    follower.happens(organisation)
    until(lambda: follower.let_go)
    assert follower.delivered == []
    assert follower.hub.organisations == []


def test_an_event_that_cannot_be_delivered_is_passed_over(follower: Follower) -> None:
    organisation = ids.new_id()
    follower.connects(organisation)
    follower.fails = lambda event: event.position == 2
    follower.happens(organisation, times=4)
    until(lambda: follower.hub.positions[organisation] == 4)
    assert follower.positions(organisation) == [1, 3, 4]


def test_a_read_that_connects_again_lets_everybody_be_looked_at(cluster: Cluster, world: World) -> None:
    """What was announced while nobody listened was missed by all, and not by the one that was read alone."""
    listener = Listener(world.settings.database_url, "journal")
    assert listener.wait(1) == set()
    listener.close()
    assert listener.read(ids.new_id(), "SELECT 1", {}) != []
    begun = time.monotonic()
    assert listener.wait(WAIT_S) == set()
    assert time.monotonic() - begun < WAIT_S / 2
    listener.close()


def test_a_loop_that_fails_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.kept.PAUSE_S", 0.0)
    left = [ValueError, KeyError]

    def loop() -> None:
        if left:
            raise left.pop()

    kept_running("test", loop)
    assert left == []
