"""What every background process has in common: its settings, its signals, and loops that outlive their faults."""

import os
import signal
import sys
import threading
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from base import waiting
from base.database import Database, make_engine
from base.guards import tell_faults
from base.logs import configure_logs, logger
from base.settings import Settings, settings_or_exit

log = logger(__name__)
RETRY_S = 1.0


def begin() -> tuple[Settings, threading.Event]:
    """The settings from the environment, and what SIGTERM and SIGINT set; exits with every mistake in the settings."""
    settings = settings_or_exit(os.environ)
    configure_logs(settings.log_level, settings.log_format)
    waiting.install()
    threading.Thread(target=tell_faults, args=(settings.worker_database_url,), daemon=True).start()
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())
    return settings, stopping


def database_of_command() -> Database:
    """The database as a command of the operator's has it; exits with a sentence where it cannot be had."""
    engine = make_engine(settings_or_exit(os.environ).worker_database_url, 2)
    _answers_or_exit(engine)
    return Database(engine)


def _answers_or_exit(engine: Engine) -> None:
    try:
        engine.connect().close()
    except OperationalError as error:
        sys.exit(f"The database does not answer: {str(error.orig).splitlines()[0]}")


def keep_going(name: str, loop: Callable[[], None], stopping: threading.Event) -> None:
    """Run a loop until `stopping`; one that fails is logged and begun again: one fault must not end it for good."""
    while not stopping.is_set():
        try:
            loop()
        except Exception as error:
            log.error("loop_failed", loop=name, exc_info=error)
            stopping.wait(RETRY_S)
