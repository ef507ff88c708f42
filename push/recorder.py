"""Records what FCM answered, soon and in pieces: at the latest `SOON_S` after an answer, or when `MANY` wait.

One thread a worker does it, so that whoever sends never waits for the database between two answers. What is not
recorded yet when a worker is killed is sent once more after the lease; a worker that ends records all of it first.
"""

import queue
import time
from dataclasses import dataclass
from threading import Event
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from base.database import Database
from base.logs import logger
from push.claims import Result, record
from push.tokens import forget_addresses

log = logger(__name__)
MANY, SOON_S = 100, 0.05
_IDLE_S, _RETRY_S = 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, and the device with its address where that address is to be forgotten."""

    result: Result
    gone: tuple[UUID, str] | None = None


class Recorder:
    """Takes answers from many threads and writes them in one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._pending: list[Answer] = []
        self._closed = Event()

    def put(self, answer: Answer) -> None:
        """Have an answer recorded."""
        self._answers.put(answer)

    def close(self) -> None:
        """Nothing is put any more: `run` ends once all is recorded."""
        self._closed.set()

    def run(self) -> None:
        """Record until closed. What could not be written is kept and tried again."""
        while True:
            closed = self._closed.is_set()
            self._gather()
            if self._pending:
                self._write()
            elif closed:
                return

    def _gather(self) -> None:
        """Wait for an answer, and for those that come soon after it."""
        wait_s, deadline = _IDLE_S, 0.0
        while len(self._pending) < MANY:
            try:
                self._pending.append(self._answers.get(timeout=wait_s))
            except queue.Empty:
                return
            deadline = deadline or time.monotonic() + SOON_S
            wait_s = max(0.0, deadline - time.monotonic())

    def _write(self) -> None:
        try:
            with self._database.transaction() as session:
                record(session, [answer.result for answer in self._pending])
                forget_addresses(session, [answer.gone for answer in self._pending if answer.gone])
        except SQLAlchemyError as error:
            log.warning("push_record_lost_database", error=type(error).__name__, waiting=len(self._pending))
            time.sleep(_RETRY_S)
        else:
            self._pending = []
