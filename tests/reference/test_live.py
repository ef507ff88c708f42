"""The app with its socket open, beside the real product: what was had by sync and what comes live are one stream."""

import queue
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
import socketio

from tests.product import Product
from tests.reference.client import ReferenceClient, Refused
from tests.reference.store import Store
from tests.world import PASSWORD


class App:
    """The reference client over real HTTP and a real socket."""

    def __init__(self, product: Product, slug: str, path: Path) -> None:
        self._address = product.address
        device = {"installation_id": "reference-app", "platform": "android"}
        body = {"organisation": slug, "email": "bob@example.com", "password": PASSWORD, "device": device}
        self._token = requests.post(f"{self._address}/v1/sessions", json=body, timeout=30).json()[
            "access_token"
        ]
        self.store = Store(path)
        self.client = ReferenceClient(self.store, self._send)
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._socket = socketio.Client(reconnection=False)
        self._ready: queue.Queue[int] = queue.Queue()
        self._socket.on("ready", lambda message: self._ready.put(message["position"]))
        self._socket.on("*", lambda _, message: self._events.put(message))

    def connect(self) -> None:
        """What is not told over the socket, because it was before, is had by sync."""
        self._socket.connect(self._address, auth={"token": self._token}, transports=["websocket"])
        self.client.catch_up(least=self._ready.get(timeout=120))

    def shows(self, text: str) -> None:
        """Take events from the socket until a post is in the store."""
        while text not in texts(self):
            self.client.hear(self._events.get(timeout=120))

    def close(self) -> None:
        self._socket.disconnect()

    def _send(self, method: str, path: str, body: Any) -> Any:
        token = {"Authorization": f"Bearer {self._token}"}
        answer = requests.request(method, self._address + path, json=body, headers=token, timeout=60)
        if not answer.ok:
            raise Refused(answer.status_code, answer.json())
        return answer.json()


def texts(app: App) -> list[str]:
    return sorted(post["text"] for post in app.store.posts().values())


def test_sync_then_live_then_sync_again_leaves_no_gap(product: Product, tmp_path: Path) -> None:
    org = product.world.organisation()
    org.person("Bob")
    app = App(product, org.slug, tmp_path / "app.sqlite")
    org.admin.posts(str(org.id), "1 before")
    app.connect()
    org.admin.posts(str(org.id), "2 live")
    app.client.do("post", scope_id=str(org.id), text="3 mine")
    app.client.catch_up()
    app.shows("3 mine")
    assert texts(app) == ["1 before", "2 live", "3 mine"]
    app.close()
    org.admin.posts(str(org.id), "4 meanwhile")
    app.connect()
    app.shows("4 meanwhile")
    assert texts(app) == ["1 before", "2 live", "3 mine", "4 meanwhile"]
    app.close()
    app.store.close()


def test_more_phones_wait_for_news_than_there_are_connections_and_all_hear_it(product: Product) -> None:
    org = product.world.organisation()
    org.person("Bob")
    bob = product.phone(org.slug, "Bob")
    position = bob.get("/v1/me")["position"]
    phones = 4 * product.world.settings.pool_size
    with ThreadPoolExecutor(phones) as pool:
        pages = [pool.submit(bob.get, f"/v1/sync?after={position}&wait=30&limit=500") for _ in range(phones)]
        bob.get("/v1/me")  # who waits holds nobody up
        org.admin.posts(str(org.id), "news")
        heard = [page.result()["items"] for page in pages]
    assert len(heard) == phones
    assert all(heard)
