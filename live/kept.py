"""Loops of a web process that go on: one unexpected fault must not end the live delivery of everybody for good."""

from collections.abc import Callable

import gevent

from base.logs import logger

log = logger(__name__)
PAUSE_S = 1.0


def kept_running(name: str, loop: Callable[[], None]) -> None:
    """Run a loop until it returns; one that fails is logged, and begun again after a pause."""
    while True:
        try:
            loop()
            return
        except Exception as error:
            log.error("live_loop_failed", loop=name, exc_info=error)
            gevent.sleep(PAUSE_S)
