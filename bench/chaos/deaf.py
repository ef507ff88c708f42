"""A client that never reads: it connects, is let in, and takes nothing more from its socket.

It counts as cut when its connection ends and the web process has said `backlog full` meanwhile: one that was killed, or
that gave up on it for another reason, has not.
"""

import json
import threading
from pathlib import Path

from tests.raw_socket import RawWebSocket

_LOOK_S = 1.0
_BUFFER = 4_096
_REASON = b"backlog full"


class Deaf(threading.Thread):
    """Connects straight to one web process, whose log it reads. A connection that has ended fails: then anew."""

    def __init__(self, token: str, port: int, log: Path, stop: threading.Event) -> None:
        super().__init__(name="deaf", daemon=True)
        self.cut = 0
        self._token, self._port, self._log, self._ended = token, port, log, stop

    def run(self) -> None:
        """Until `stop`."""
        while not self._ended.wait(_LOOK_S):
            said = self._said()
            try:
                self._listen_to_nothing()
            except (OSError, AssertionError):
                self.cut += self._said() > said

    def _listen_to_nothing(self) -> None:
        socket = RawWebSocket.opened(f"http://127.0.0.1:{self._port}", buffer=_BUFFER)
        try:
            socket.sends("40" + json.dumps({"token": self._token}))
            while not self._ended.wait(_LOOK_S):
                socket.sends("3")
        finally:
            socket.close()

    def _said(self) -> int:
        return self._log.read_bytes().count(_REASON)
