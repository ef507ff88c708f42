"""Sends batches of fixes and prints what came of them: one process, raw sockets, bodies made beforehand.

Closed: every connection sends its next request as soon as it has its answer. Open: requests leave at a fixed rate,
and latency counts from the moment when a request was due, so that a slow server cannot slow the clock down.
"""

import json
import random
import selectors
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from bench.place_world import STEP_S, Walker, make_zones

_HEAD = (
    "POST /v1/me/fixes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)


@dataclass
class Connection:
    """One kept connection with at most one request on its way."""

    socket: socket.socket
    due: float = 0.0
    received: bytes = b""


@dataclass
class Load:
    """Requests in the order in which they leave, and what was measured."""

    port: int
    requests: deque[bytes]
    latencies: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    changed: int = 0

    def run(self, connections: int, rate: float | None) -> float:
        """Send everything; returns the seconds that it took."""
        selector, idle = selectors.DefaultSelector(), []
        for _ in range(connections):
            opened = Connection(socket.create_connection(("127.0.0.1", self.port)))
            opened.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(opened.socket, selectors.EVENT_READ, opened)
            idle.append(opened)
        begun, sent, total = time.monotonic(), 0, len(self.requests)
        while len(self.latencies) < total:
            now = time.monotonic()
            while idle and self.requests and (rate is None or begun + sent / rate <= now):
                connection = idle.pop()
                connection.due = now if rate is None else begun + sent / rate
                connection.socket.sendall(self.requests.popleft())
                sent += 1
            pause = 1.0 if rate is None or not self.requests else max(0.0, begun + sent / rate - now)
            for key, _ in selector.select(pause):
                if self._read(key.data):
                    idle.append(key.data)
        return time.monotonic() - begun

    def _read(self, connection: Connection) -> bool:
        """Whether the answer is complete."""
        connection.received += connection.socket.recv(65536)
        head, separator, body = connection.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return False
        assert head.startswith(b"HTTP/1.1 200"), connection.received
        assert b'"refused":[]' in body, body
        self.changed += b'"visits":[]' not in body
        self.ended.append(time.monotonic())
        self.latencies.append(self.ended[-1] - connection.due)
        connection.received = b""
        return True


def build(tokens: list[str], zones: int, rounds: int, batch: int, crossing: float, seed: int) -> list[bytes]:
    """All requests: every device once a round, so that no device has two on their way."""
    # The last fixes are of now: devices that were last heard of hours ago would be ended as silent meanwhile.
    began = time.time() - rounds * batch * STEP_S
    grid, chance = make_zones(zones), random.Random(seed)
    walkers = [Walker(grid, number, began) for number in range(len(tokens))]
    requests = []
    for number in range(rounds):
        for token, walker in zip(tokens, walkers, strict=True):
            body = walker.batch(batch, number > 0 and chance.random() < crossing)
            requests.append(_HEAD.format(token=token, length=len(body)).encode() + body)
    return requests


def main() -> None:
    """Reads one JSON object from standard input; prints one line a phase."""
    told = json.loads(sys.stdin.readline())
    rounds = 1 + told["closed_rounds"] + told["open_rounds"]
    requests = build(told["tokens"], told["zones"], rounds, told["batch"], told["crossing"], 7)
    devices = len(told["tokens"])
    closed_until = devices * (1 + told["closed_rounds"])
    phases = (
        ("arrive", requests[:devices], 4, None),
        ("closed", requests[devices:closed_until], told["connections"], None),
        ("open", requests[closed_until:], 64, told["rate"]),
    )
    for name, part, connections, rate in phases:
        load = Load(told["port"], deque(part))
        seconds = load.run(connections, rate)
        result: dict[str, Any] = {
            "phase": name,
            "seconds": seconds,
            "requests": len(part),
            "changed": load.changed,
        }
        # How long each round of all devices took, one after the other.
        ends = load.ended[devices - 1 :: devices]
        result["rounds"] = [end - begin for begin, end in pairwise(ends)]
        print(json.dumps(result | {"latencies": load.latencies}), flush=True)


if __name__ == "__main__":
    main()
