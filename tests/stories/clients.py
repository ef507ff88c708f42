"""The two reference clients behind one face: socket.io-client in Node, and python-socketio."""

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import socketio

from deploy.local.processes import dies_with

NODE = Path(__file__).resolve().parent.parent / "live" / "node"
WAIT_S = 120.0


class Client:
    """What a test does with a client: `tells` waits for something that happened to it."""

    def __init__(self) -> None:
        self._told: queue.Queue[tuple[str, Any]] = queue.Queue()

    def tells(self, kind: str) -> Any:
        """The data of the next thing of that kind; whatever else happens before it is passed over."""
        deadline = time.monotonic() + WAIT_S
        while True:
            told, data = self._told.get(timeout=max(0.01, deadline - time.monotonic()))
            if told == kind:
                return data

    def kinds_so_far(self) -> list[str]:
        """What has happened and was not asked for yet."""
        kinds = []
        while not self._told.empty():
            kinds.append(self._told.get()[0])
        return kinds


class JavaScriptClient(Client):
    """socket.io-client in a Node process; `package` is the name of another version's in tests/live/node."""

    def __init__(self, package: str = "socket.io-client") -> None:
        super().__init__()
        self._node = subprocess.Popen(
            ["node", "client.js", package],
            cwd=NODE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=dies_with(os.getpid()),
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def open(self, address: str, token: str, transports: tuple[str, ...] = ("polling", "websocket")) -> None:
        """Connect, and from then on reconnect as the client does."""
        self._act("open", address=address, token=token, transports=transports)

    def emit(self, name: str, data: Any) -> Any:
        """Emit, and wait for the acknowledgement."""
        self._act("emit", name=name, data=data)
        return self.tells("ack")

    def connect_again(self, token: str) -> None:
        """What an app does after a refusal or a disconnect by the server."""
        self._act("connect", token=token)

    def close(self) -> None:
        """End it."""
        self._act("close")
        self._node.wait(60)
        self._node.communicate()

    def _act(self, act: str, **rest: Any) -> None:
        assert self._node.stdin is not None
        self._node.stdin.write(json.dumps({"act": act, **rest}) + "\n")
        self._node.stdin.flush()

    def _listen(self) -> None:
        assert self._node.stdout is not None
        for line in self._node.stdout:
            told = json.loads(line)
            self._told.put((told["kind"], told["data"]))


class PythonClient(Client):
    """python-socketio's client."""

    def __init__(self) -> None:
        super().__init__()
        self._client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.2)
        self._client.on("connect", lambda: self._told.put(("connect", self._client.transport())))
        self._client.on("connect_error", self._refused)
        self._client.on("disconnect", lambda reason: self._told.put(("disconnect", reason)))
        self._client.on("*", lambda name, data=None: self._told.put((name, data)))
        self._where: dict[str, Any] = {}
        self._token = ""

    @property
    def sid(self) -> str:
        """The id of the connection."""
        return str(self._client.eio.sid)

    def open(self, address: str, token: str, transports: tuple[str, ...] = ("polling", "websocket")) -> None:
        """Connect, and from then on reconnect as the client does."""
        self._where = {"url": address, "transports": list(transports)}
        self.connect_again(token)

    def emit(self, name: str, data: Any) -> Any:
        """Emit, and wait for the acknowledgement."""
        return self._client.call(name, data, timeout=WAIT_S)

    def connect_again(self, token: str) -> None:
        """What an app does after a refusal or a disconnect by the server."""
        self._token = token
        deadline = time.monotonic() + WAIT_S
        while self._client.eio.state != "disconnected":  # the connection before this one is on its way out
            assert time.monotonic() < deadline
            self._client.sleep(0.01)
        try:
            self._client.connect(**self._where, auth=lambda: {"token": self._token})
        except socketio.exceptions.ConnectionError:
            return  # the handler of connect_error has told it

    def close(self) -> None:
        """End it."""
        self._client.disconnect()

    def _refused(self, error: Any) -> None:
        self._told.put(
            ("connect_error", error.get("data") if isinstance(error, dict) else {"transport": error})
        )
