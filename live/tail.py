"""Follows the journal for the sockets of this process, one organisation at a time, in order.

NOTIFY wakes it; a look at each organisation every second is the guarantee, however often others wake it: what was
announced between the reading of a first socket's memberships and its admission woke nobody. It reads as the web's
role, inside each organisation's own row-level security, and only where a socket is connected.

Where the journal is in another epoch than the sockets' positions, the database was restored underneath: what they have
may never have been, so all of them have to start over.
"""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg2

from base.listen import Listener
from base.logs import logger
from journal.events import JOURNAL_CHANNEL
from journal.tail import READ_LIMIT, follow_organisation
from live.hub import Hub

log = logger(__name__)
_POLL_S = 1.0


class JournalTail:
    """The loop that feeds a hub; `deliver` takes one event, `flush` comes after the last of a batch.

    `start_over` lets go of every socket.
    """

    def __init__(
        self,
        url: str,
        hub: Hub,
        deliver: Callable[[Any], None],
        flush: Callable[[], None],
        start_over: Callable[[], None],
    ) -> None:
        self._listener = Listener(url, JOURNAL_CHANNEL)
        self._hub = hub
        self._deliver = deliver
        self._flush = flush
        self._start_over = start_over
        self._looked: dict[UUID, float] = {}  # when, by organisation
        self.stopping = False

    def run(self) -> None:
        """Run until `stopping`; a lost database is waited for."""
        try:
            while not self.stopping:
                self._look(self._listener.wait(self._until_due()))
        finally:
            self._listener.close()

    def _look(self, woken: set[str]) -> None:
        """Follow those who were woken, those not looked at for a second, and those whose first socket has come."""
        now, before = time.monotonic(), self._looked
        self._looked = {}
        try:
            for organisation_id in self._hub.organisations:
                last = before.get(organisation_id, 0.0)
                if not woken or str(organisation_id) in woken or now - last >= _POLL_S:
                    self._follow(organisation_id)
                    last = now
                self._looked[organisation_id] = last
        except psycopg2.Error as error:
            # The next wait reconnects and returns at once, and everybody is looked after.
            log.warning("live_lost_database", error=type(error).__name__)

    def _until_due(self) -> float:
        """Seconds until somebody has to be looked at without having been woken."""
        first = min(self._looked.values(), default=time.monotonic())
        return max(0.0, first + _POLL_S - time.monotonic())

    def _follow(self, organisation_id: UUID) -> None:
        while self._read_batch(organisation_id) == READ_LIMIT:
            pass

    def _read_batch(self, organisation_id: UUID) -> int:
        after = self._hub.positions.get(organisation_id)
        if after is None:
            return 0
        epoch, rows = follow_organisation(self._listener, organisation_id, after)
        if self._hub.epoch not in (None, epoch):
            log.warning("live_starts_over", epoch=str(epoch))
            self._listener.close()  # whichever of the two is behind, the next connection is to the present database
            self._start_over()
            return 0
        for row in rows:
            # The last socket may have gone, and others come, while the batch was read or sent.
            if self._hub.positions.get(organisation_id) == row.position - 1:
                self._deliver_or_skip(row)
        self._flush()
        return len(rows)

    def _deliver_or_skip(self, row: Any) -> None:
        """One event that cannot be delivered must not hold up all that come after it."""
        try:
            self._deliver(row)
        except Exception as error:
            log.error("live_event_skipped", type=row.type, position=row.position, exc_info=error)
            if row.organisation_id in self._hub.positions:
                self._hub.positions[row.organisation_id] = row.position
