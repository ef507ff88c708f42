"""A client that never reads: it connects, is let in, and takes nothing more from its socket."""

import json
import random
import threading

from tests.raw_socket import RawWebSocket

_LOOK_S = 1.0
_BUFFER = 4_096


class Deaf(threading.Thread):
    """Connects straight to a web process. Sending to a connection that the server has cut fails: then anew."""

    def __init__(self, token: str, ports: list[int], stop: threading.Event) -> None:
        super().__init__(name="deaf", daemon=True)
        self.cut = 0
        self._token, self._ports, self._ended = token, ports, stop

    def run(self) -> None:
        """Until `stop`."""
        while not self._ended.wait(_LOOK_S):
            try:
                self._listen_to_nothing()
            except OSError:
                self.cut += 1

    def _listen_to_nothing(self) -> None:
        port = random.choice(self._ports)
        socket = RawWebSocket.opened(f"http://127.0.0.1:{port}", buffer=_BUFFER)
        try:
            socket.sends("40" + json.dumps({"token": self._token}))
            while not self._ended.wait(_LOOK_S):
                socket.sends("3")
        finally:
            socket.close()
