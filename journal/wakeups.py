"""Requests that wait for the journal to tell them something, all on one reader of the process.

    request ─ ticket ─▶ looks (a transaction) ─ nothing ─▶ waits in the rooms of its person and scopes
                                                             ▲ called        │ its turn
    PostgreSQL ──NOTIFY──▶ one reader: to whom are they? ────┘               └─▶ looks again …

A waiting request holds its greenlet, and no database connection. It is called only by an event that is addressed to it,
and then waits for its turn: of those who were called only a few look at the same time, in the order in which they were
called, however many an announcement concerns. So they leave connections and time to everybody else.

Nothing is missed between a look and the waiting: the look says up to which position it saw. What the reader has handed
out after that is compared when the waiter comes. Where nobody of the organisation waited yet, nothing was handed out;
then an announcement since the ticket, which is taken before the look, has the waiter look again. A lost announcement
costs at most `POLL_S`: the reader, and nobody else, looks by itself. After a reconnect it does so at once, and where
the journal is in another epoch, everybody looks.

The reader runs while somebody waits, and a little longer; under gevent it is a greenlet.
"""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

import psycopg2

from base.listen import Listener
from base.logs import logger
from journal.events import JOURNAL_CHANNEL
from journal.seats import Seats
from journal.tail import READ_LIMIT, follow_addresses
from journal.waiters import State, Waiter, Waiters, Waiting

log = logger(__name__)
POLL_S = 2.0
# For how long after its time a request that was called stays for its turn.
_LATE_S = 10.0
# For how long the reader stays when nobody waits.
_LINGER_S = 10.0
LOOKS = 3
_MOST = 10_000


class Wakeups:
    """Shared by all requests of a process. `looks` of them look at the same time, and at most `most` wait."""

    def __init__(self, url: str, *, looks: int = LOOKS, most: int = _MOST) -> None:
        self._url = url
        self._lock = threading.Lock()
        self.seats = Seats(looks, most)
        # So many who come look at the same time: after a restart, all of them come at once.
        self.arrivals = threading.Semaphore(looks)
        self._reading, self._needed_at = False, 0.0
        self._announcements = 0
        self._announced: dict[str, int] = {}  # which was the last, by organisation; "" for all

    def ticket(self) -> int:
        """To be taken before looking at the journal, and given to `turn`."""
        return self._announcements

    def waiting(self) -> int:
        """How many requests wait now."""
        return len(self.seats)

    def handed_out(self, organisation_id: UUID) -> int | None:
        """Up to which position those who wait have been called; None where nobody of the organisation waits."""
        home = self.seats.organisations.get(organisation_id)
        return None if home is None else home.position

    def rests(self, session_id: UUID) -> bool:
        """Whether a session's seat is kept, perhaps."""
        return self.seats.rests(session_id)

    def kept_for(self, session_id: UUID, after: int, epoch: str | None) -> tuple[int, UUID] | None:
        """As `Seats.kept_for`: the position and epoch from which a session may go on waiting without a look."""
        with self._lock:
            return self.seats.kept_for(session_id, after, epoch)

    @contextmanager
    def turn(self, waiting: Waiting, ticket: int, began: float) -> Generator[bool]:
        """Wait, and tell whether something has come: then look again inside the block, which few do at a time.

        Not so when the time is over that is counted from `began` on (of the monotonic clock), when a younger request
        of the session has come, or too many wait already.
        """
        left = began + waiting.seconds - time.monotonic()
        looks = left > 0 and self._waits(waiting, ticket, began, left)
        try:
            yield looks
        finally:
            if looks:
                self._end_turn()

    def _waits(self, waiting: Waiting, ticket: int, began: float, left: float) -> bool:
        with self._lock:
            waiter = self._join(waiting, ticket, began)
        if waiter is None:
            return False
        try:
            waiter.bell.acquire(timeout=left)
            if waiter.state is State.CALLED:
                waiter.bell.acquire(timeout=_LATE_S)
        except BaseException:  # its greenlet is being killed
            if self._leave(waiter):
                self._end_turn()
            raise
        return self._leave(waiter)

    def _join(self, waiting: Waiting, ticket: int, began: float) -> Waiter | None:
        joined = self.seats.join(waiting, began)
        if joined is None:
            return None
        waiter, is_first = joined
        names = ("", str(waiting.organisation_id))
        if is_first and any(self._announced.get(name, 0) > ticket for name in names):
            self.seats.call([waiter])
        if not self._reading:
            self._reading, self._needed_at = True, time.monotonic()
            threading.Thread(target=self._read_on, name="journal-wakeups", daemon=True).start()
        return waiter

    def _leave(self, waiter: Waiter) -> bool:
        with self._lock:
            return self.seats.leave(waiter)

    def _end_turn(self) -> None:
        with self._lock:
            self.seats.end_turn()

    # -- the reader

    def _read_on(self) -> None:
        listener = Listener(self._url, JOURNAL_CHANNEL)
        try:
            while self._is_needed():
                self._look(listener, listener.wait(POLL_S))
        except BaseException:
            with self._lock:
                self._reading = False  # who comes next starts another reader
            raise
        finally:
            listener.close()

    def _is_needed(self) -> bool:
        """One who was called comes again in a moment: to connect anew each time would cost more than to stay."""
        with self._lock:
            self.seats.clear()
            if self.seats.taken:
                self._needed_at = time.monotonic()
            self._reading = time.monotonic() - self._needed_at < _LINGER_S
            return self._reading

    def _look(self, listener: Listener, names: set[str]) -> None:
        """Read on for the organisations that were announced, and for those not looked at for a while."""
        now = time.monotonic()
        with self._lock:
            self._announcements += 1
            self._announced.update(dict.fromkeys(names or {""}, self._announcements))
            present = list(self.seats.organisations.values())
        try:
            for home in present:
                if not names or str(home.organisation_id) in names or now - home.looked_at >= POLL_S:
                    home.looked_at = now
                    self._hear(listener, home)
        except psycopg2.Error as error:
            # The next wait reconnects and returns at once, and everybody is looked after.
            log.warning("wakeups_lost_database", error=type(error).__name__)
        except Exception as error:
            log.error("wakeups_failed", exc_info=error)  # the next look tries again

    def _hear(self, listener: Listener, home: Waiters) -> None:
        """Call those whom the next events of an organisation concern."""
        while True:
            epoch, events = follow_addresses(listener, home.organisation_id, home.position)
            with self._lock:
                if epoch != home.epoch:
                    log.warning("wakeups_start_over", epoch=str(epoch))
                    self.seats.start_over(home)
                    listener.close()  # whichever of the two is behind, the next connection is to the present database
                    return
                self.seats.hear(home, events)
            if len(events) < READ_LIMIT:
                return
