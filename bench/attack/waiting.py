"""Many who wait for news: what that costs those who do not."""

import selectors
import socket
import time
from collections.abc import Callable
from functools import partial

from bench.attack.case import Case
from bench.attack.client import at_once
from bench.attack.stage import Stage
from bench.live_world import cpu_seconds, signed_in

WAITING, SECONDS = 800, 8


def nothing_happens(stage: Stage) -> list[str]:
    """They wait, and what happens concerns others."""
    return _waited(stage, lambda _: None, "nothing that concerns them")


def news_for_one(stage: Stage) -> list[str]:
    """They wait, and an event a second concerns one of them."""

    def renamed(token: str) -> None:
        stage.client(token).ask("PATCH", "/v1/me", {"name": f"Renamed {time.monotonic()}"})

    return _waited(stage, renamed, "an event for one")


def one_session(stage: Stage) -> list[str]:
    """One session that waits a hundred times at once: the last alone is left waiting."""
    token = stage.tokens(1)[0]
    position = stage.client(token).ask("GET", "/v1/sync?after=0&limit=1").json["position"]
    path = f"/v1/sync?after={position}&wait=5"
    began = time.monotonic()
    answers = at_once([partial(stage.client(token).ask, "GET", path) for _ in range(100)], 100)
    early = sum(answer.status == 200 and answer.seconds < 4 for answer in answers)
    late = time.monotonic() - began > 15
    return ([f"{100 - early} of one session wait"] if early < 90 else []) + (["it took long"] if late else [])


def _waited(stage: Stage, happens: Callable[[str], object], what: str) -> list[str]:
    tokens = signed_in(stage.org, WAITING, [])  # who works writes in the site, of which these hear nothing
    position = stage.administrator().ask("GET", "/v1/sync?after=0&limit=1").json["position"]
    while (page := stage.administrator().ask("GET", f"/v1/sync?after={position}").json)["more"]:
        position = page["position"]
    waiting = [_begun(stage, token, page["position"], number) for number, token in enumerate(tokens)]
    time.sleep(2)
    computed, began = cpu_seconds(stage.pid), time.monotonic()
    while time.monotonic() - began < SECONDS:
        happens(tokens[0])
        time.sleep(1)
    share = (cpu_seconds(stage.pid) - computed) / (time.monotonic() - began)
    answered = _readable(waiting)
    for connection in waiting:
        connection.close()
    print(f"  {WAITING} wait, {what}: {share:.0%} of a core, people at work included; {answered} answered")
    found = [] if share < 0.6 else [f"{share:.0%} of a core"]
    return found + ([f"{answered} were answered for nothing"] if answered > SECONDS else [])


def _begun(stage: Stage, token: str, position: int, number: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", stage.port), 20, (f"127.0.2.{number % 250 + 1}", 0))
    line = (
        f"GET /v1/sync?after={position}&wait=30 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    connection.sendall(line.encode())
    return connection


def _readable(connections: list[socket.socket]) -> int:
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection, selectors.EVENT_READ)
    found = len(selector.select(0))
    selector.close()
    return found


CASES = (
    Case("waiting.nothing_happens", nothing_happens),
    Case("waiting.news_for_one", news_for_one),
    Case("waiting.one_session", one_session),
)
