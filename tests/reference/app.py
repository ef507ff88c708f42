"""The reference client over real HTTP and a real socket."""

import queue
from pathlib import Path
from typing import Any

import requests
import socketio

from tests.product import Product
from tests.reference.client import ReferenceClient, Refused
from tests.reference.store import Store
from tests.world import PASSWORD


class App:
    """One installed app. Events wait until the sync before them is done, each with the epoch of its socket."""

    def __init__(self, product: Product, slug: str, path: Path, email: str = "bob@example.com") -> None:
        self._address = product.address
        device = {"installation_id": f"reference-{path.name}", "platform": "android"}
        body = {"organisation": slug, "email": email, "password": PASSWORD, "device": device}
        self._token = requests.post(f"{self._address}/v1/sessions", json=body, timeout=30).json()[
            "access_token"
        ]
        self.store = Store(path)
        self.client = ReferenceClient(self.store, self.send)
        self._events: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._socket = socketio.Client(reconnection=False)
        self._ready: queue.Queue[dict[str, Any]] = queue.Queue()
        self._epoch = ""
        self._socket.on("ready", self._begins)
        self._socket.on("*", lambda _, message: self._events.put((self._epoch, message)))

    def connect(self) -> None:
        """What the socket's events follow on is had by sync first; meanwhile they wait in line."""
        self._socket.connect(self._address, auth={"token": self._token}, transports=["websocket"])
        ready = self._is_let_in()
        self.client.catch_up(ready["position"], ready["epoch"])

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""
        return self._socket.connected

    def hears_next(self, timeout: float = 120) -> None:
        """Take what the socket says next; raises queue.Empty when it says nothing."""
        epoch, message = self._events.get(timeout=timeout)
        if "position" in message:
            self.client.hear(message, epoch)

    def shows(self, text: str) -> None:
        """Take events from the socket until a post is in the store."""
        while text not in self.texts():
            self.hears_next()

    def texts(self) -> list[str]:
        """The texts of all posts in the store."""
        return sorted(post["text"] for post in self.store.posts().values())

    def close(self) -> None:
        """Disconnect the socket."""
        self._socket.disconnect()

    def send(self, method: str, path: str, body: Any) -> Any:
        """A request of this app's person."""
        token = {"Authorization": f"Bearer {self._token}"}
        answer = requests.request(method, self._address + path, json=body, headers=token, timeout=60)
        if not answer.ok:
            raise Refused(answer.status_code, answer.json(), answer.headers.get("Retry-After"))
        return answer.json()

    def _is_let_in(self) -> dict[str, Any]:
        """What `ready` says; raises requests.ConnectionError where the socket ends before."""
        while self._ready.empty():
            if not self._socket.connected:
                raise requests.ConnectionError("cut off before it was let in")
            self._socket.sleep(0.01)
        return self._ready.get()

    def _begins(self, ready: dict[str, Any]) -> None:
        self._epoch = ready["epoch"]
        self._ready.put(ready)
