"""What every background process has in common: its settings, its signals, and loops that outlive their faults."""

import os
import signal
import sys
import threading
from collections.abc import Callable

from base import waiting
from base.guards import tell_faults
from base.logs import configure_logs, logger
from base.settings import Settings, SettingsError, load_settings

log = logger(__name__)
RETRY_S = 1.0


def begin() -> tuple[Settings, threading.Event]:
    """The settings from the environment, and what SIGTERM and SIGINT set; exits with every mistake in the settings."""
    try:
        settings = load_settings(os.environ)
    except SettingsError as mistakes:
        sys.exit(str(mistakes))
    configure_logs(settings.log_level, settings.log_format)
    waiting.install()
    threading.Thread(target=tell_faults, args=(settings.worker_database_url,), daemon=True).start()
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())
    return settings, stopping


def keep_going(name: str, loop: Callable[[], None], stopping: threading.Event) -> None:
    """Run a loop until `stopping`; one that fails is logged and begun again: one fault must not end it for good."""
    while not stopping.is_set():
        try:
            loop()
        except Exception as error:
            log.error("loop_failed", loop=name, exc_info=error)
            stopping.wait(RETRY_S)
