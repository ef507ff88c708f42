"""Records what FCM answered, soon and in pieces: at the latest `SOON_S` after an answer, or when `MANY` wait.

One thread a worker does it, so that whoever sends never waits for the database between two answers. What is not
recorded yet when a worker is killed is sent once more after the lease; a worker that ends records all of it first.

While the database is away answers are kept and tried again, and `unrecorded` tells this worker's claims to leave them
alone, however long it takes. An answer that the database will not have, in contrast, is left behind with a line in the
log: it must not keep the others from being written.
"""

import queue
import time
from collections.abc import Sequence
from threading import Event, Lock
from uuid import UUID

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from base.database import Database
from base.logs import logger
from push.sending.answers import Answer
from push.sending.results import record
from push.sending.tokens import forget_addresses

log = logger(__name__)
MANY, SOON_S = 50, 0.02
_IDLE_S, _RETRY_S = 0.5, 1.0


class Recorder:
    """Takes answers from many threads and writes them in one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._pending: list[Answer] = []
        self._closed = Event()
        self._unrecorded: set[UUID] = set()
        self._lock = Lock()

    def put(self, answer: Answer) -> None:
        """Have an answer recorded."""
        with self._lock:
            self._unrecorded.add(answer.result.id)
        self._answers.put(answer)

    def unrecorded(self) -> list[UUID]:
        """The deliveries whose answer is known here and not written down yet."""
        with self._lock:
            return list(self._unrecorded)

    def close(self) -> None:
        """Nothing is put any more: `run` ends once all is recorded."""
        self._closed.set()
        self._answers.put(None)  # whoever waits for an answer need not wait on

    def run(self) -> None:
        """Record until closed. What could not be written is kept and tried again."""
        while True:
            closed = self._closed.is_set()
            self._gather(0.0 if closed else _IDLE_S)
            if self._pending:
                self._write()
            elif closed:
                return

    def _gather(self, wait_s: float) -> None:
        """Wait for an answer, and for those that come soon after it."""
        deadline = 0.0
        while len(self._pending) < MANY:
            try:
                answer = self._answers.get(timeout=wait_s)
            except queue.Empty:
                return
            if answer is None:
                wait_s = 0.0
                continue
            self._pending.append(answer)
            deadline = deadline or time.monotonic() + SOON_S
            wait_s = max(0.0, deadline - time.monotonic())

    def _write(self) -> None:
        try:
            self._record(self._pending)
        except Exception as error:
            if _lost(error):
                log.warning(
                    "push_record_lost_database", error=type(error).__name__, waiting=len(self._pending)
                )
                time.sleep(_RETRY_S)
                return
            if len(self._pending) > 1:
                self._write_one_by_one()
                return
            log.error(
                "push_answer_left", delivery=str(self._pending[0].result.id), error=type(error).__name__
            )
        self._written(self._pending)
        self._pending = []

    def _write_one_by_one(self) -> None:
        """Where one of them is at fault, it alone is left."""
        answers, self._pending = self._pending, []
        for number, answer in enumerate(answers):
            self._pending = [answer]
            self._write()
            if self._pending:  # the database went away meanwhile
                self._pending = answers[number:]
                return

    def _record(self, answers: Sequence[Answer]) -> None:
        with self._database.transaction() as session:
            record(session, [answer.result for answer in answers])
            forget_addresses(session, [answer.gone for answer in answers if answer.gone])

    def _written(self, answers: Sequence[Answer]) -> None:
        with self._lock:
            self._unrecorded.difference_update(answer.result.id for answer in answers)


def _lost(error: Exception) -> bool:
    """Whether the database was away or gave way to another transaction, so that the same may succeed later."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, SQLAlchemyError)  # no connection was free
