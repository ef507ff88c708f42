"""Requests that wait for the journal to grow, all on one listening connection of the process.

    request ─ ticket ─▶ looks (a transaction) ─ nothing ─▶ wait(ticket) ─▶ looks again …
                                                             ▲
    PostgreSQL ──NOTIFY──▶ one listening thread ─────────────┘

A waiting request holds no database connection. What is announced between its look and its waiting is not missed: it
takes its ticket before it looks, and a ticket that is older than the last announcement does not wait at all. A lost
announcement costs at most `POLL_S`: then everybody looks. The thread runs while somebody waits, and a little longer;
under gevent it is a greenlet.
"""

import threading
from collections import Counter
from uuid import UUID

from base.listen import Listener
from journal.events import JOURNAL_CHANNEL

POLL_S = 2.0


class Wakeups:
    """Shared by all requests of a process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._changed = threading.Condition()
        self._waiting: Counter[str] = Counter()
        self._announced: dict[str, int] = {}
        self._listening = False

    def ticket(self, organisation_id: UUID) -> int:
        """To be taken before looking at the journal, and given to `wait`."""
        with self._changed:
            return self._announced.get(str(organisation_id), 0)

    def waiting(self) -> int:
        """How many requests wait now."""
        with self._changed:
            return self._waiting.total()

    def wait(self, organisation_id: UUID, ticket: int, timeout: float) -> None:
        """Return when the organisation's journal may have grown since the ticket, or after `timeout` seconds."""
        name = str(organisation_id)
        with self._changed:
            self._waiting[name] += 1
            self._ensure_listening()
            self._changed.wait_for(lambda: self._announced.get(name, 0) != ticket, min(timeout, POLL_S))
            self._waiting[name] -= 1
            if not self._waiting[name]:
                del self._waiting[name]

    def _ensure_listening(self) -> None:
        if not self._listening:
            self._listening = True
            threading.Thread(target=self._listen, name="journal-wakeups", daemon=True).start()

    def _listen(self) -> None:
        listener = Listener(self._url, JOURNAL_CHANNEL)
        try:
            while self._announce(listener.wait(POLL_S)):
                pass
        finally:
            listener.close()
            with self._changed:
                self._listening = False

    def _announce(self, names: set[str]) -> bool:
        """Wake those who wait for these organisations, or everybody; False when nobody is there to be woken."""
        with self._changed:
            for name in names or set(self._waiting):
                self._announced[name] = self._announced.get(name, 0) + 1
            self._changed.notify_all()
            return bool(names or self._waiting)
