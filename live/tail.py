"""Follows the journal for the sockets of this process, one organisation at a time, in order.

NOTIFY wakes it; a look every second is the guarantee. It reads as the web's role, inside each organisation's own
row-level security, and only where a socket is connected.
"""

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
    """The loop that feeds a hub; `deliver` takes one event, and `flush` comes after the last of a batch."""

    def __init__(
        self,
        url: str,
        hub: Hub,
        deliver: Callable[[Any], None],
        flush: Callable[[], None],
    ) -> None:
        self._listener = Listener(url, JOURNAL_CHANNEL)
        self._hub = hub
        self._deliver = deliver
        self._flush = flush
        self.stopping = False

    def run(self) -> None:
        """Run until `stopping`; a lost database is waited for."""
        while not self.stopping:
            woken = self._listener.wait(_POLL_S)
            try:
                for organisation_id in self._hub.organisations:
                    if not woken or str(organisation_id) in woken:
                        self._follow(organisation_id)
            except psycopg2.Error as error:
                # The next wait reconnects and returns at once, and everybody is looked after.
                log.warning("live_lost_database", error=type(error).__name__)
        self._listener.close()

    def _follow(self, organisation_id: UUID) -> None:
        while self._read_batch(organisation_id) == READ_LIMIT:
            pass

    def _read_batch(self, organisation_id: UUID) -> int:
        after = self._hub.positions.get(organisation_id)
        if after is None:
            return 0
        rows = follow_organisation(self._listener, organisation_id, after)
        for row in rows:
            # The last socket may have gone, and others come, while the batch was read or sent.
            if self._hub.positions.get(organisation_id) == row.position - 1:
                self._deliver(row)
        self._flush()
        return len(rows)
