"""A phone, as far as the server can tell: HTTP, a Socket.IO client, fixes. Used by the demonstrations."""

import queue
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import requests
import socketio

EVENTS = (
    "post.created",
    "membership.started",
    "membership.ended",
    "visit.started",
    "visit.ended",
    "muster.started",
    "muster.reminded",
    "muster.updated",
    "muster.ended",
    "ready",
)


class Phone:
    """One signed-in app. `open_app` connects its socket; what it hears is in `heard`."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._http = requests.Session()
        self._socket: socketio.Client | None = None
        self.heard: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.token, self.name = "", ""

    @classmethod
    def signed_in(cls, address: str, organisation: str, email: str, password: str) -> "Phone":
        """The phone of somebody who has an account."""
        body = {"organisation": organisation, "email": email, "password": password}
        return cls(address)._begins("/v1/sessions", body)

    @classmethod
    def at_the_gate(cls, address: str, code: str, name: str) -> "Phone":
        """The phone of a visitor who scans the gate's code."""
        return cls(address)._begins("/v1/visitors", {"code": code, "name": name})

    @classmethod
    def invited(cls, address: str, code: str, account: dict[str, str]) -> "Phone":
        """The phone of somebody who opens an account with an invitation."""
        return cls(address)._begins("/v1/invitations/accept", {"code": code, **account})

    def _begins(self, path: str, body: dict[str, Any]) -> "Phone":
        device = {"installation_id": secrets.token_hex(8), "platform": "android"}
        self.token = self.post(path, {**body, "device": device})["access_token"]
        self._http.headers["Authorization"] = f"Bearer {self.token}"
        self.post("/v1/me/consents", {"kind": "presence", "text_version": "demonstration"})
        self.name = self.get("/v1/me")["person"]["name"]
        return self

    def get(self, path: str) -> Any:
        """GET."""
        return self._answer(self._http.get(self._address + path, timeout=30))

    def download(self, path: str) -> str:
        """A file, as text."""
        response = self._http.get(self._address + path, timeout=30)
        self._answer(response, parsed=False)
        return response.content.decode("utf-8-sig")

    def post(self, path: str, body: Any) -> Any:
        """POST."""
        return self._answer(self._http.post(self._address + path, json=body, timeout=120))

    def put(self, path: str, body: Any) -> Any:
        """PUT."""
        return self._answer(self._http.put(self._address + path, json=body, timeout=30))

    def delete(self, path: str, **headers: str) -> None:
        """DELETE."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answer(self._http.delete(self._address + path, headers=named, timeout=30))

    def open_app(self) -> None:
        """Connect the socket, and wait until the server has it in its rooms."""
        client = socketio.Client(reconnection=False)
        for name in EVENTS:
            client.on(name, lambda message, name=name: self.heard.put((name, message)))
        client.connect(self._address, auth={"token": self.token}, transports=["websocket"])
        self._socket = client
        self.hears("ready")

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""
        return self._socket is not None and self._socket.connected

    def emits(self, name: str, data: Any) -> None:
        """Send an event of one's own making."""
        if self._socket is not None:
            self._socket.emit(name, data)

    def close_app(self) -> None:
        """Disconnect the socket."""
        if self._socket is not None:
            self._socket.disconnect()
            self._socket = None

    def hears(self, name: str, timeout: float = 10.0, **members: str) -> dict[str, Any] | None:
        """The next event of a name whose data has these members; None when it does not come in time."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                event, message = self.heard.get(timeout=left)
            except queue.Empty:
                break
            data = message.get("data") or {}
            if event == name and all(data.get(key) == value for key, value in members.items()):
                return message
        return None

    def walks(
        self, track: Sequence[tuple[float, float]], until: float, step_s: float = 10.0
    ) -> list[dict[str, Any]]:
        """Report a track whose last fix is at `until` (unix seconds); returns the visits that it began or ended."""
        start = until - step_s * (len(track) - 1)
        fixes = [fix(start + step_s * i, lon, lat, 8.0) for i, (lon, lat) in enumerate(track)]
        return self.post("/v1/me/fixes", {"fixes": fixes})["visits"]

    @staticmethod
    def _answer(response: requests.Response, *, parsed: bool = True) -> Any:
        if not response.ok:
            raise RuntimeError(
                f"{response.request.method} {response.url}: {response.status_code} {response.text}"
            )
        return response.json() if parsed and response.content else None


def fix(
    at: float, lon: float, lat: float, accuracy: float | None, speed: float | None = None
) -> dict[str, Any]:
    """A fix in wire form."""
    when = datetime.fromtimestamp(at, UTC).isoformat()
    return {"at": when, "lon": lon, "lat": lat, "accuracy": accuracy, "speed": speed}
