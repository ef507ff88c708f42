"""What one socket can send that is dear to hear."""

import contextlib
import json
import threading
from collections.abc import Callable

from bench.attack.case import Case
from bench.attack.stage import Stage
from tests.raw_socket import BINARY, PING, TEXT, Polling, RawWebSocket, frame

_FRAGMENTS = 500_000


def bad_ids(stage: Stage) -> list[str]:
    """20 messages of 60 kB with lists of ids that are none, from each of a few sockets and for each message."""
    ids = ["x"] * 12_000
    bodies = {
        "post.seen": {"post_ids": ids},
        "presence.watch": {"person_ids": ids},
        "typing.start": {"scope_id": "x" * 60_000},
        "session.renew": {"token": "x" * 60_000},
        "nothing.known": {"a": ids},
    }
    for name, body in bodies.items():
        message = "42" + json.dumps([name, body])[:64_000]
        whole = "42" + json.dumps([name, body])
        _speaks(stage, lambda one, said=whole: one.sends(*[said] * 20))
        _speaks(stage, lambda one, said=message: one.sends(*[said] * 20))
    return []


def empty_fragments(stage: Stage) -> list[str]:
    """A message that never ends, in fragments of nothing; half a million pings; half a million empty messages."""
    begun = frame(TEXT, b"4", first=TEXT)
    nothing = frame(0, b"", first=0) * 1_000
    pings, empty = frame(PING, b"") * 1_000, frame(TEXT, b"3") * 1_000
    blanks = frame(BINARY, b"") * 1_000
    for first, more in ((begun, nothing), (b"", pings), (b"", empty), (b"", blanks)):

        def floods(one: RawWebSocket, first: bytes = first, more: bytes = more) -> None:
            one.sends_bytes(first)
            for _ in range(_FRAGMENTS // 1_000):
                one.sends_bytes(more)

        _speaks(stage, floods)
    return []


def tiny_messages(stage: Stage) -> list[str]:
    """As many small messages as the network carries, from four sockets at the same time."""
    said = "42" + json.dumps(["typing.start", {"scope_id": stage.site}])
    flood = frame(TEXT, said.encode()) * 200

    def floods(one: RawWebSocket) -> None:
        for _ in range(200):
            one.sends_bytes(flood)

    threads = [threading.Thread(target=_speaks, args=(stage, floods)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return []


def polling(stage: Stage) -> list[str]:
    """Packets without number in one push, and sessions that nobody goes on with."""
    for _ in range(5):
        with contextlib.suppress(OSError):
            one = Polling(stage.address).opened()
            one.push("\x1e".join(["3"] * 30_000))
            one = Polling(stage.address).opened()
            one.push("\x1e".join(["4"] * 30_000))
    for _ in range(200):
        Polling(stage.address).opened()
    return []


def _speaks(stage: Stage, says: Callable[[RawWebSocket], object]) -> None:
    """Somebody who belongs connects and says it; being cut off is what ought to happen."""
    token = stage.tokens(1)[0]
    with contextlib.suppress(OSError, AssertionError):
        one = RawWebSocket.opened(stage.address, wait_s=20)
        one.sends("40" + json.dumps({"token": token}))
        one.reads_text()
        try:
            says(one)
            one.sends('427["post.seen",{}]')
            while not one.reads_text().startswith("437"):  # until all before it was heard
                pass
        finally:
            one.close()


CASES = (
    Case("sockets.bad_ids", bad_ids),
    Case("sockets.empty_fragments", empty_fragments),
    Case("sockets.tiny_messages", tiny_messages),
    Case("sockets.polling", polling),
)
