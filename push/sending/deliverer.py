"""Sending what is queued: claim, check again, compose, send, record.

    queued ──claim──▶ sending ──FCM──▶ sent
       ▲                 │               failed   (the address is gone)
       │                 │               dead     (FCM will never take this message: a manager may try again)
       └──later/lease────┘               expired  (its time is over) · dropped (no longer to be told)

Several threads of a worker do this, each with a batch of its own: while one waits for answers another claims, and one
whose phones are slow to answer holds up nobody else. A claim and its checks are one short transaction, and nothing
waits inside it (`batches.py`); the checks are queries of a whole batch (`facts.py`) and a pure function (`checks.py`).
Messages are made after it (`composing.py`), and what FCM answers becomes what is recorded (`answers.py`).

A message is sent twice where FCM took it and its answer was lost: a time-out or a broken connection after the yes, a
worker that was killed between the yes and the record (at most the `FLIGHT` of each of its threads and the fifty or so
that were not recorded yet), or one that was killed while the database was away. The delivery's id in the data and the
collapse key let the phone show it once.

What is not on its way `BEGIN_WITHIN_S` after its claim goes back to the queue, to be checked anew.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from firebase_admin import messaging

from base.database import Database
from people.sign_in.keys import Keys
from push.fcm.outcomes import Later, Outcome, Refused
from push.sending.answers import Answer, Ready, answer_of, answer_of_refused
from push.sending.batches import take_batch
from push.sending.composing import composed
from push.sending.recorder import Recorder
from push.sending.throttle import Throttle

BATCH = 200
IDLE_S = 1.0
_MOST_PROBES = 10


class Sender(Protocol):
    """Where messages go (`push/fcm/client.py`)."""

    def send_all(
        self, messages: Sequence[messaging.Message], until: float | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Send many; yields each one's number and its outcome, as answers come. Begins none after `until`."""
        ...

    def addresses_at_fault(self, messages: Sequence[messaging.Message]) -> set[int]:
        """The numbers of the refused messages whose address FCM refuses by itself."""
        ...


class Deliverer:
    """Sends what is due; `work` may be called from many threads."""

    def __init__(self, database: Database, sender: Sender, recorder: Recorder, keys: Keys) -> None:
        self._database = database
        self._keys = keys
        self._sender = sender
        self._recorder = recorder
        self._throttle = Throttle(time.monotonic())
        self._lock = threading.Lock()

    def work(self, more: Callable[[], None]) -> float:
        """Send a batch, and return after how many seconds to ask again: 0 when there was something to send.

        `more` is called before sending when there may be others that are due.
        """
        with self._lock:
            allowed = self._throttle.take(time.monotonic(), BATCH)
            wait_s = self._throttle.wait_s(time.monotonic())
        if allowed == 0:
            return min(IDLE_S, wait_s)
        batch = take_batch(self._database, allowed, self._recorder.unrecorded())
        with self._lock:
            self._throttle.give_back(allowed - len(batch.outgoing))
        if batch.more:
            more()
        ready: list[Ready] = []
        for one in composed(self._database, self._keys, batch.outgoing):
            if isinstance(one, Ready):
                ready.append(one)
            else:
                self._recorder.put(Answer(one))
        self._send(ready, batch.until)
        return 0.0 if batch.claimed else IDLE_S

    def _send(self, ready: Sequence[Ready], until: float) -> None:
        """Send, and have answers recorded as they come. Doubtful addresses are asked about when all is answered."""
        if not ready:
            return
        refused: list[tuple[Ready, Refused]] = []
        for number, outcome in self._sender.send_all([one.message for one in ready], until):
            self._count(outcome)
            if isinstance(outcome, Refused):
                refused.append((ready[number], outcome))
            else:
                self._recorder.put(answer_of(ready[number], outcome))
        self._put_refused(refused)

    def _put_refused(self, refused: Sequence[tuple[Ready, Refused]]) -> None:
        probed = [one.message for one, _ in refused[:_MOST_PROBES]]
        at_fault = self._sender.addresses_at_fault(probed) if probed else set[int]()
        for number, (one, refusal) in enumerate(refused):
            self._recorder.put(answer_of_refused(one, refusal.reason, address_at_fault=number in at_fault))

    def _count(self, outcome: Outcome) -> None:
        slow_down = isinstance(outcome, Later) and outcome.slow_down
        after_s = outcome.after_s if isinstance(outcome, Later) else None
        with self._lock:
            self._throttle.answered(time.monotonic(), refused=slow_down, after_s=after_s)
