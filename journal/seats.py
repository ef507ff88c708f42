"""Who of a process's sessions waits, who was called, and whose turn it is to look. `Wakeups` lends it a lock.

A session has one seat: its younger request takes it, and the older one is answered. When the time of a request is over
and nothing has come, its seat is kept for a moment. The session's next request goes on from there without a look:
everything that could change what it may see, also the end of the session, would have been addressed to it. So phones
that wait all day look when there is something, and every quarter of an hour.

Of those who were called, only `looks` look at the same time, in the order in which they were called.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from uuid import UUID

from journal.waiters import Addressed, State, Waiter, Waiters, Waiting

KEPT_S = 15.0
_LOOK_S = 900.0


class Seats:
    """Of one process; at most `most` are taken. Everything here is quick, and nothing waits."""

    def __init__(self, looks: int, most: int) -> None:
        self._looks, self._most = looks, most
        self.organisations: dict[UUID, Waiters] = {}
        self._sessions: dict[UUID, Waiter] = {}
        self._resting: dict[UUID, float] = {}  # since when, the oldest first
        self._called: deque[Waiter] = deque()
        self.looking = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._sessions) - len(self._resting)

    @property
    def taken(self) -> int:
        """How many wait, or may go on waiting in a moment."""
        return len(self._sessions)

    def rests(self, session_id: UUID) -> bool:
        """Whether a session's seat is kept for its next request."""
        return session_id in self._resting

    def kept_for(self, session_id: UUID, after: int, epoch: str | None) -> tuple[int, UUID] | None:
        """Up to which position, of which epoch, a session has missed nothing that comes on from where it waited."""
        waiter = self._sessions.get(session_id)
        if waiter is None or waiter.state is not State.RESTS or waiter.position != after:
            return None
        home = waiter.home
        return (max(home.position, after), home.epoch) if epoch in (None, str(home.epoch)) else None

    def join(self, waiting: Waiting, began: float) -> tuple[Waiter, bool] | None:
        """Take the session's seat; None: it may not. Returns also whether nobody of the organisation waited before."""
        older = self._sessions.get(waiting.session_id)
        if older is None and len(self._sessions) >= self._most:
            return None
        if older is not None and older.began > began:
            return None
        if older is not None and waiting.goes_on and older.state is State.RESTS:
            return self._goes_on(older, waiting, began), False
        if older is not None and older.state is not State.LOOKS:
            self._ends(older)
        home, is_first = self._home(waiting)
        waiter = self._sessions[waiting.session_id] = Waiter(waiting, began, home)
        addresses, waiting.addresses = waiting.addresses, ()
        if not home.admit(waiter, addresses) or waiting.goes_on:
            self.call([waiter])
        return waiter, is_first

    def leave(self, waiter: Waiter) -> bool:
        """Whether it is the waiter's turn."""
        if waiter.state is State.WAITS and waiter.began - waiter.looked < _LOOK_S:
            waiter.state = State.RESTS
            self._resting[waiter.session_id] = time.monotonic()
            return False
        looks = waiter.state is State.LOOKS
        if waiter.state is not State.DONE:
            self._ends(waiter)
        return looks

    def end_turn(self) -> None:
        """Somebody has looked."""
        self.looking -= 1
        self._hand_out()

    def hear(self, home: Waiters, events: Sequence[Addressed]) -> None:
        """Call those whom the next events of an organisation concern."""
        if events:
            self.call(home.apply(events))

    def start_over(self, home: Waiters) -> None:
        """Have everybody look: the journal is in another epoch."""
        if self.organisations.get(home.organisation_id) is home:
            del self.organisations[home.organisation_id]
        self.call(home.everyone())

    def call(self, waiters: Iterable[Waiter]) -> None:
        """Let them look, each in its turn; whoever rests will look when it comes."""
        for waiter in waiters:
            if waiter.state is State.WAITS:
                waiter.state = State.CALLED
                self._called.append(waiter)
            elif waiter.state is State.RESTS:
                self._ends(waiter)
        self._hand_out()

    def clear(self) -> None:
        """Give up the seats of those who have not come again."""
        before = time.monotonic() - KEPT_S
        while self._resting:
            session_id, since = next(iter(self._resting.items()))
            if since > before:
                return
            self._ends(self._sessions[session_id])

    def _goes_on(self, waiter: Waiter, waiting: Waiting, began: float) -> Waiter:
        del self._resting[waiter.session_id]
        waiter.state, waiter.began, waiter.position = State.WAITS, began, waiting.position
        return waiter

    def _home(self, waiting: Waiting) -> tuple[Waiters, bool]:
        """Those of the organisation, and whether there were none before."""
        home = self.organisations.get(waiting.organisation_id)
        if home is not None and home.epoch != waiting.epoch:
            self.start_over(home)
            home = None
        if home is not None:
            return home, False
        home = Waiters(waiting.organisation_id, waiting.position, waiting.epoch)
        self.organisations[waiting.organisation_id] = home
        return home, True

    def _ends(self, waiter: Waiter) -> None:
        """Free a seat; whoever still waits in it is answered."""
        waiter.becomes(State.DONE)
        waiter.state = State.DONE
        self._resting.pop(waiter.session_id, None)
        if self._sessions.get(waiter.session_id) is waiter:
            del self._sessions[waiter.session_id]
        home = waiter.home
        if home.dismiss(waiter) and self.organisations.get(home.organisation_id) is home:
            del self.organisations[home.organisation_id]

    def _hand_out(self) -> None:
        """Give turns to those who were called first."""
        while self._called and self.looking < self._looks:
            waiter = self._called.popleft()
            if waiter.state is State.CALLED:
                self.looking += 1
                waiter.becomes(State.LOOKS)
