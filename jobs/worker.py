"""The worker process: push, schedules, metrics. Plain threads; any number of workers may run.

`python -m jobs.worker` runs until SIGTERM. What it was doing when it is killed, another worker or the next start
goes on with. The journal's writer has a process of its own, `jobs/relay.py`.
"""

import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from base.database import Database, make_engine
from base.listen import Listener
from base.logs import logger
from base.sealing import Sealer
from base.settings import Settings
from jobs.messages import message_loops
from jobs.metrics import serve_metrics
from jobs.process import RETRY_S, begin, keep_going
from jobs.schedules import Job, jobs, run_schedules
from journal.checkpoints import Seal, sign_anew
from journal.events import JOURNAL_CHANNEL
from people.sign_in.keys import keys_of
from people.sign_in.second_factors import seal_anew
from push.fcm.client import FcmSender
from push.plans.planner import MANY, Planned, plan
from push.sending.deliverer import Deliverer
from push.sending.recorder import Recorder

log = logger(__name__)
_POLL_S = 1.0
# How long events gather for the next planning: five times what the last one took, so that the machine is there for
# others too, within these bounds.
_GATHER, _LEAST_GATHER_S, _MOST_GATHER_S = 5, 0.1, 0.25


class Worker:
    """The threads of one worker process."""

    def __init__(self, settings: Settings, stopping: threading.Event) -> None:
        self._settings = settings
        self._database = Database(make_engine(settings.worker_database_url, settings.push_threads + 9))
        self._stop = stopping
        self._queued = threading.Condition()
        self._called = False
        self._sender = _sender(settings)
        self._recorder = Recorder(self._database)
        self._recording: threading.Thread | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start every loop."""
        seal = Seal(self._settings.secret_key, self._settings.former_secret_key)
        signing = Job("sign_checkpoints_anew", 3_600, partial(sign_anew, seal=seal))
        sealer = Sealer(self._settings.secret_key, self._settings.former_secret_key)
        sealing = Job("seal_anew", 3_600, partial(seal_anew, sealer=sealer))
        self._run("schedules", lambda: run_schedules(self._database, self._stop, [*jobs(), signing, sealing]))
        if self._settings.metrics_port is not None:
            self._run("metrics", lambda: serve_metrics(self._settings, self._database, self._stop))
        for name, loop in message_loops(self._settings, self._database, self._stop):
            self._run(name, loop)
        if self._sender is None:
            log.warning("push_is_off", reason="FIREBASE_CREDENTIALS is not set")
            return
        keys = keys_of(self._settings.secret_key, self._settings.former_secret_key, self._database)
        self._run("keys", lambda: keys.follow(self._stop.wait))
        self._run("push-planner", self._plan)
        # Unlike the other loops it goes on after the signal, until what was sent is written down.
        self._recording = self._thread("push-recorder", self._recorder.run)
        deliverer = Deliverer(self._database, self._sender, self._recorder, keys)
        for number in range(self._settings.push_threads):
            self._run(f"push-{number}", partial(self._send, deliverer))

    def stop(self) -> None:
        """Let every loop end what it is at, and record what came of it."""
        self._stop.set()
        with self._queued:
            self._queued.notify_all()
        for thread in self._threads:
            thread.join(timeout=15)
        self._recorder.close()
        if self._recording is not None:
            self._recording.join(timeout=15)

    def wait(self) -> None:
        """Block until a signal asks to stop."""
        while not self._stop.wait(1.0):
            pass

    def _run(self, name: str, loop: Callable[[], None]) -> None:
        self._threads.append(self._thread(name, loop))

    def _thread(self, name: str, loop: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=keep_going, args=(name, loop, self._stop), name=name, daemon=True)
        thread.start()
        return thread

    def _plan(self) -> None:
        listener = Listener(self._settings.worker_database_url, JOURNAL_CHANNEL)
        while not self._stop.is_set():
            began = time.monotonic()
            planned = self._planned()
            if planned.queued:
                self._wake_one()
            if planned.read < MANY:
                # What follows closely is planned together: an audience of thousands is worked out once for it. The
                # first event of a quiet time is planned at once.
                took = time.monotonic() - began
                self._stop.wait(min(_MOST_GATHER_S, max(_LEAST_GATHER_S, took * _GATHER)))
            if not planned.read:
                listener.wait(_POLL_S)
        listener.close()

    def _planned(self) -> Planned:
        try:
            with self._database.transaction() as session:
                return plan(session)
        except SQLAlchemyError as error:
            log.warning("push_lost_database", error=type(error).__name__)
            self._stop.wait(RETRY_S)
            return Planned(0, 0)

    def _send(self, deliverer: Deliverer) -> None:
        while not self._stop.is_set():
            wait_s = deliverer.work(self._wake_one)
            if wait_s:
                with self._queued:
                    self._queued.wait_for(lambda: self._called or self._stop.is_set(), wait_s)
                    self._called = False

    def _wake_one(self) -> None:
        """One sender is woken; it wakes the next where there is more than it can take. A herd would only contend.

        Where nobody waits yet, the next one to wait does not: it may have looked just before there was something.
        """
        with self._queued:
            self._called = True
            self._queued.notify(1)


def _sender(settings: Settings) -> FcmSender | None:
    if settings.firebase_credentials is None:
        return None
    try:
        return FcmSender(
            settings.firebase_credentials,
            settings.firebase_project_id,
            settings.fcm_endpoint,
            transport=settings.fcm_transport,
        )
    except (ValueError, OSError) as error:
        sys.exit(f"FIREBASE_CREDENTIALS is no service account: {(str(error).splitlines() or [''])[0]}")


def main() -> None:
    """Run a worker until a signal."""
    settings, stopping = begin()
    worker = Worker(settings, stopping)
    worker.start()
    log.info("worker_runs", push_threads=settings.push_threads)
    worker.wait()
    worker.stop()


if __name__ == "__main__":
    main()
