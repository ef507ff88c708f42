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

A session waits once: the younger request has the place, the older one is answered. The reader runs while somebody
waits, and a little longer; under gevent it is a greenlet.
"""

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from uuid import UUID

import psycopg2

from base.listen import Listener
from base.logs import logger
from journal.events import JOURNAL_CHANNEL
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
        self._url, self._looks, self._most = url, looks, most
        self._lock = threading.Lock()
        self._organisations: dict[UUID, Waiters] = {}
        self._sessions: dict[UUID, Waiter] = {}
        self._called: deque[Waiter] = deque()
        self._looking = 0
        self._reading, self._needed_at = False, 0.0
        self._announcements = 0
        self._announced: dict[str, int] = {}  # which was the last, by organisation; "" for all

    def ticket(self) -> int:
        """To be taken before looking at the journal, and given to `turn`."""
        return self._announcements

    def waiting(self) -> int:
        """How many requests wait now."""
        return len(self._sessions)

    def handed_out(self, organisation_id: UUID) -> int | None:
        """Up to which position those who wait have been called; None where nobody of the organisation waits."""
        waiters = self._organisations.get(organisation_id)
        return None if waiters is None else waiters.position

    def looking(self) -> int:
        """How many of those that were called look now."""
        return self._looking

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
        waiter = Waiter(waiting, began)
        with self._lock:
            waiters = self._join(waiter, waiting, ticket)
        if waiters is None:
            return False
        try:
            waiter.bell.acquire(timeout=left)
            if waiter.state is State.CALLED:
                waiter.bell.acquire(timeout=_LATE_S)
        except BaseException:  # its greenlet is being killed
            if self._leave(waiter, waiters):
                self._end_turn()
            raise
        return self._leave(waiter, waiters)

    def _join(self, waiter: Waiter, waiting: Waiting, ticket: int) -> Waiters | None:
        """Where the waiter waits; None where it may not."""
        older = self._sessions.get(waiter.session_id)
        if older is None and len(self._sessions) >= self._most:
            return None
        if older is not None:
            if older.began > waiter.began:
                return None
            older.becomes(State.DONE)
        self._sessions[waiter.session_id] = waiter
        waiters, is_first = self._waiters_of(waiting)
        addresses, waiting.addresses = waiting.addresses, ()
        if not waiters.admit(waiter, addresses) or (is_first and self._was_announced(waiting, ticket)):
            self._call([waiter])
        if not self._reading:
            self._reading, self._needed_at = True, time.monotonic()
            threading.Thread(target=self._read_on, name="journal-wakeups", daemon=True).start()
        return waiters

    def _waiters_of(self, waiting: Waiting) -> tuple[Waiters, bool]:
        """Those of the organisation, and whether there were none before."""
        waiters = self._organisations.get(waiting.organisation_id)
        if waiters is not None and waiters.epoch != waiting.epoch:
            self._start_over(waiters)
            waiters = None
        if waiters is not None:
            return waiters, False
        waiters = Waiters(waiting.organisation_id, waiting.position, waiting.epoch)
        self._organisations[waiting.organisation_id] = waiters
        return waiters, True

    def _was_announced(self, waiting: Waiting, ticket: int) -> bool:
        return any(self._announced.get(name, 0) > ticket for name in ("", str(waiting.organisation_id)))

    def _leave(self, waiter: Waiter, waiters: Waiters) -> bool:
        """Whether it is the waiter's turn."""
        with self._lock:
            looks, waiter.state = waiter.state is State.LOOKS, State.DONE
            if self._sessions.get(waiter.session_id) is waiter:
                del self._sessions[waiter.session_id]
            if waiters.dismiss(waiter) and self._organisations.get(waiters.organisation_id) is waiters:
                del self._organisations[waiters.organisation_id]
            return looks

    def _end_turn(self) -> None:
        with self._lock:
            self._looking -= 1
            self._hand_out()

    def _call(self, waiters: Iterable[Waiter]) -> None:
        for waiter in waiters:
            if waiter.state is State.WAITS:
                waiter.state = State.CALLED
                self._called.append(waiter)
        self._hand_out()

    def _hand_out(self) -> None:
        """Give turns to those who were called first."""
        while self._called and self._looking < self._looks:
            waiter = self._called.popleft()
            if waiter.state is State.CALLED:
                self._looking += 1
                waiter.becomes(State.LOOKS)

    def _start_over(self, waiters: Waiters) -> None:
        """Have everybody look: the journal is in another epoch."""
        if self._organisations.get(waiters.organisation_id) is waiters:
            del self._organisations[waiters.organisation_id]
        self._call(waiters.everyone())

    # -- the reader

    def _read_on(self) -> None:
        listener = Listener(self._url, JOURNAL_CHANNEL)
        try:
            while self._is_needed():
                self._look(listener, listener.wait(POLL_S))
        finally:
            listener.close()

    def _is_needed(self) -> bool:
        """One who was called comes again in a moment: to connect anew each time would cost more than to stay."""
        with self._lock:
            if self._sessions:
                self._needed_at = time.monotonic()
            self._reading = time.monotonic() - self._needed_at < _LINGER_S
            return self._reading

    def _look(self, listener: Listener, names: set[str]) -> None:
        """Read on for the organisations that were announced, and for those not looked at for a while."""
        now = time.monotonic()
        with self._lock:
            self._announcements += 1
            self._announced.update(dict.fromkeys(names or {""}, self._announcements))
            present = list(self._organisations.values())
        try:
            for waiters in present:
                if not names or str(waiters.organisation_id) in names or now - waiters.looked_at >= POLL_S:
                    waiters.looked_at = now
                    self._hear(listener, waiters)
        except psycopg2.Error as error:
            # The next wait reconnects and returns at once, and everybody is looked after.
            log.warning("wakeups_lost_database", error=type(error).__name__)
        except Exception as error:
            log.error("wakeups_failed", exc_info=error)  # the next look tries again

    def _hear(self, listener: Listener, waiters: Waiters) -> None:
        """Call those whom the next events of an organisation concern."""
        while True:
            epoch, events = follow_addresses(listener, waiters.organisation_id, waiters.position)
            with self._lock:
                if epoch != waiters.epoch:
                    log.warning("wakeups_start_over", epoch=str(epoch))
                    self._start_over(waiters)
                    listener.close()  # whichever of the two is behind, the next connection is to the present database
                    return
                if events:
                    self._call(waiters.apply(events))
            if len(events) < READ_LIMIT:
                return
