"""Whoever changes something passes a gate, so that for a moment nobody does."""

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Gate:
    """Open but while somebody holds it `closed`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._is_closed = False

    @contextmanager
    def passes(self) -> Generator[None]:
        """Change something, once the gate is open."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self, seconds: float) -> Generator[None]:
        """Nobody is inside, and nobody comes in; fails where somebody stays inside for so many seconds."""
        with self._changed:
            self._is_closed = True
            assert self._changed.wait_for(lambda: not self._inside, seconds), "somebody stays inside"
        try:
            yield
        finally:
            with self._changed:
                self._is_closed = False
                self._changed.notify_all()
