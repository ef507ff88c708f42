"""What one socket may have done: measured before it is looked at, counted, and ended with a reason beyond it."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.phone import Phone
from live.engine.budget import Budget
from live.engine.deflate import deflate
from live.engine.frames import FrameReader, ProtocolFault
from schemas.base import SOME_ID
from tests.live.conftest import serve_conformance
from tests.product import Product
from tests.raw_socket import BINARY, CLOSE, PING, PONG, TEXT, Polling, RawWebSocket, frame
from tests.stories.clients import PythonClient

CLOSING = '42["connection.closing",{"code":"too_much"}]'
LISTS = {"post.seen": "post_ids", "presence.watch": "person_ids"}


@pytest.fixture(scope="module")
def stingy() -> Iterator[str]:
    """A server that lets each client have little done, and little more in each second."""
    yield from serve_conformance(
        PING_INTERVAL=25, PING_TIMEOUT=20, CONNECT_TIMEOUT=20, BUDGET=32_768, A_SECOND=1
    )


@pytest.fixture(scope="module")
def patient() -> Iterator[str]:
    """A server where what was spent comes back soon."""
    yield from serve_conformance(
        PING_INTERVAL=25, PING_TIMEOUT=20, CONNECT_TIMEOUT=20, BUDGET=32_768, A_SECOND=131_072
    )


def a_socket(product: Product, phone: Phone) -> RawWebSocket:
    socket = RawWebSocket.opened(product.address)
    socket.sends("40" + json.dumps({"token": phone.token}))
    while not socket.reads_text().startswith('42["ready"'):
        pass
    return socket


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def said_until_the_end(socket: RawWebSocket) -> list[str]:
    """What comes until the stream ends."""
    said = []
    try:
        while True:
            said.append(socket.reads_text())
    except ConnectionError:
        return said


@pytest.mark.parametrize("event", LISTS)
def test_long_lists_of_bad_ids_cost_next_to_nothing(product: Product, alice: Phone, event: str) -> None:
    socket, before = a_socket(product, alice), cpu_s(product.pid("web"))
    bad = json.dumps([event, {LISTS[event]: [""] * 14_000}], separators=(",", ":"))
    for number in range(20):
        socket.sends(f"42{number}{bad}")
    said = said_until_the_end(socket)
    assert said[0] == '430[{"ok":false,"code":"invalid"}]'
    assert CLOSING in said
    assert cpu_s(product.pid("web")) - before < 1.0  # it was 15 s


@pytest.mark.parametrize(
    "data",
    [
        {"post_ids": [""] * 51},
        {"post_ids": []},
        {"post_ids": "x" * 50_000},
        {"post_ids": {"a": 1}},
        {f"m{number}": 1 for number in range(5_000)},
        [""] * 10_000,
        "words",
        None,
    ],
    ids=lambda data: str(data)[:20],
)
def test_what_is_too_long_is_invalid_and_nothing_else_happens(
    product: Product, alice: Phone, data: object
) -> None:
    socket = a_socket(product, alice)
    socket.sends(
        "421" + json.dumps(["post.seen", data]), "422" + json.dumps(["post.seen", {"post_ids": ["?"]}])
    )
    assert socket.reads_text() == '431[{"ok":false,"code":"invalid"}]'
    assert socket.reads_text() == '432[{"ok":true}]'


def test_an_app_at_its_busiest_stays_connected(product: Product, alice: Phone) -> None:
    socket = a_socket(product, alice)
    seen = json.dumps(["post.seen", {"post_ids": [SOME_ID] * 50}])
    watched = json.dumps(["presence.watch", {"person_ids": [SOME_ID] * 100}])
    for number in range(20):
        socket.sends(f"42{2 * number}{seen}", f"42{2 * number + 1}{watched}")
    for _ in range(40):
        assert '"ok":true' in socket.reads_text()


def test_a_flood_of_small_messages_ends_with_a_reason_and_disturbs_nobody(
    product: Product, alice: Phone
) -> None:
    other = PythonClient()
    other.open(product.address, alice.token, ("websocket",))
    other.tells("ready")
    socket = a_socket(product, alice)
    socket.sends(*['42["typing.start",{}]'] * 3_000)
    assert CLOSING in said_until_the_end(socket)
    assert other.emit("session.renew", {"token": alice.token})["ok"]
    other.close()


def test_clients_are_told_that_the_server_ended_it(product: Product, alice: Phone) -> None:
    app = PythonClient()
    app.open(product.address, alice.token, ("websocket",))
    app.tells("ready")
    for _ in range(600):
        app._client.emit("typing.start", {})
    assert app.tells("connection.closing") == {"code": "too_much"}
    assert app.tells("disconnect") == "server disconnect"


FLOODS = {
    "pings": frame(PING, b""),
    "pongs": frame(PONG, b"x" * 125),
    "pongs of Engine.IO": frame(TEXT, b"3"),
    "events that nobody handles": frame(TEXT, b'42["nothing"]'),
    "acknowledgements that nobody asked for": frame(TEXT, b"4317[]"),
    "small things that inflate": frame(
        TEXT, deflate(b'42["nothing","' + b"x" * 30_000 + b'"]'), first=0xC0 | TEXT
    ),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_every_flood_ends(stingy: str, flood: str) -> None:
    socket = RawWebSocket.connected(stingy, extensions="permessage-deflate")
    socket.sends_bytes(FLOODS[flood] * 1_000)
    assert CLOSING in said_until_the_end(socket)


def test_who_waits_for_each_answer_is_slowed_down_and_not_ended(patient: str) -> None:
    socket = RawWebSocket.connected(patient)
    for number in range(200):
        socket.sends(f'42{number}["message-with-ack",1]')
        assert socket.reads_text() == f"43{number}[1]"


def test_a_poller_that_waits_for_each_answer_is_too(patient: str) -> None:
    phone = Polling(patient).opened()
    phone.push("40")
    phone.poll()
    for number in range(100):
        assert phone.push(f'42{number}["message-with-ack",1]').text == "ok"
        assert phone.poll().text == f"43{number}[1]"


def test_bytes_that_dribble_end_it_too(stingy: str) -> None:
    socket = RawWebSocket.connected(stingy)
    with contextlib.suppress(OSError):
        for byte in frame(TEXT, b'42["nothing","' + b"x" * 20_000 + b'"]'):
            socket.sends_bytes(bytes((byte,)))
    assert CLOSING in said_until_the_end(socket)


def test_who_has_not_connected_just_ends(stingy: str) -> None:
    socket = RawWebSocket.opened(stingy)
    socket.sends_bytes(frame(PING, b"") * 1_000)
    assert said_until_the_end(socket) == []


def test_a_poller_is_told_by_its_next_polls(stingy: str) -> None:
    phone = Polling(stingy).opened()
    phone.push("40")
    phone.poll()
    assert phone.push("\x1e".join(['42["nothing"]'] * 40)).text == "ok"
    assert phone.poll().text == f"{CLOSING}\x1e41"
    assert phone.poll().text == "1"
    assert phone.poll().status_code == 400


def test_a_websocket_on_probation_may_not_flood_either(stingy: str) -> None:
    phone = Polling(stingy).opened()
    socket = RawWebSocket(stingy, f"EIO=4&transport=websocket&sid={phone.sid}")
    socket.sends_bytes(frame(PING, b"") * 1_000)
    assert said_until_the_end(socket) == []
    assert phone.push("40").status_code == 200


@pytest.mark.parametrize("piece", [b"", b"x"])
def test_a_message_has_a_limit_of_pieces(calm: str, piece: bytes) -> None:
    socket = RawWebSocket.connected(calm)
    socket.sends_bytes(frame(TEXT, b'42["message","', first=TEXT) + frame(0, piece, first=0) * 300)
    opcode, payload, _ = socket.reads_frame()
    assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, 1009)


def test_empty_pieces_without_end_are_not_kept() -> None:
    reader = FrameReader(64_000, deflates=False)
    reader.feed(frame(BINARY, b"", first=BINARY))
    with pytest.raises(ProtocolFault):
        for _ in range(100):
            reader.feed(frame(0, b"", first=0) * 1_000)


def test_what_was_spent_comes_back_with_time() -> None:
    now = 100.0
    budget = Budget(at_once=1_000, a_second=100, clock=lambda: now)
    paid_until, too_much = budget.spend(0.0, 1_000)
    assert not too_much
    assert budget.spend(paid_until, 1)[1]
    now = 105.0
    paid_until, too_much = budget.spend(paid_until, 500)
    assert not too_much
    assert budget.spend(paid_until, 10)[1]
    now = 1_000.0
    assert not budget.spend(paid_until, 1_000)[1]
    assert budget.spend(paid_until, 1_001)[1]
