"""How connections end: what is said last, and that the stream then ends by itself, whatever the client answers.

The clients here answer nothing. Like OkHttp, on which Android's client stands, they are lost to whatever comes behind a
close frame; so where a client is to connect again by itself, the stream ends without one.
"""

import json
import time
from collections.abc import Callable

import pytest

from deploy.local.phone import Phone
from tests.live.tokens import token_for
from tests.product import Product
from tests.raw_socket import CLOSE, TEXT, Polling, RawWebSocket
from tests.stories.clients import JavaScriptClient

NORMALLY = b"\x03\xe8"
PACKAGES = ("socket.io-client", "socket.io-client-4.7", "socket.io-client-4.0")


def listening(product: Product, token: str) -> RawWebSocket:
    socket = RawWebSocket.opened(product.address, wait_s=20)
    socket.sends("40" + json.dumps({"token": token}))
    while not socket.reads_text().startswith('42["ready"'):
        pass
    return socket


def events_of(frames: list[tuple[int, bytes]]) -> list[list[object]]:
    return [json.loads(said[2:]) for opcode, said in frames if opcode == TEXT and said.startswith(b"42")]


def test_a_planned_stop_ends_the_stream_and_says_nothing(product: Product, alice: Phone) -> None:
    socket = listening(product, alice.token)
    product.stop_part("web")
    product.start_web()
    assert [frame for frame in socket.hears_out() if frame != (TEXT, b"2")] == []


@pytest.mark.parametrize("code", ["session_ended", "token_expired"])
def test_a_disconnect_is_said_and_the_stream_ends_behind_it(
    product: Product, alice: Phone, code: str
) -> None:
    socket = listening(product, token_for(product, alice, 2 if code == "token_expired" else 900))
    if code == "session_ended":
        alice.delete("/v1/sessions/current")
    frames = []
    while not frames or frames[-1][0] != CLOSE:
        frames.append(socket.reads_frame()[:2])
    said = time.monotonic()
    assert socket.hears_out() == []
    assert time.monotonic() - said < 1
    assert events_of(frames)[-1] == ["connection.closing", {"code": code}]
    assert [said[:2] for _, said in frames[-3:]] == [b"41", b"1", NORMALLY]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_client_that_polls_is_told_why_it_is_disconnected(
    product: Product, alice: Phone, package: str
) -> None:
    client = JavaScriptClient(package)
    client.open(product.address, alice.token, ("polling",))
    client.tells("ready")
    alice.delete("/v1/sessions/current")
    client.tells("session.ended")
    assert client.tells("connection.closing") == {"code": "session_ended"}
    assert client.tells("disconnect") == "io server disconnect"
    client.close()


def silent(address: str) -> RawWebSocket:
    """It answers no ping."""
    return RawWebSocket.connected(address)


def refused(address: str) -> RawWebSocket:
    """It is answered `connect_error`, and leaves it at that."""
    socket = RawWebSocket.opened(address)
    socket.sends("40/random")
    assert socket.reads_text().startswith("44/random")
    return socket


def talking_nonsense(address: str) -> RawWebSocket:
    """It breaks the protocol of Socket.IO."""
    socket = RawWebSocket.connected(address)
    socket.sends("4abc")
    return socket


@pytest.mark.parametrize("client", [silent, refused, talking_nonsense])
def test_who_is_given_up_reads_the_end_of_the_stream(
    brisk: str, client: Callable[[str], RawWebSocket]
) -> None:
    assert {said for _, said in client(brisk).hears_out()} <= {b"2"}


def leaving(address: str) -> Polling:
    phone = Polling(address).opened()
    phone.push("40")
    assert '42["auth",{}]' in phone.poll().text
    return phone


LAST = '42["last-words"]\x1e41'


def test_the_close_packet_has_a_poll_of_its_own(calm: str) -> None:
    phone = leaving(calm)
    waiting = phone.begins_poll()
    assert phone.push('42["leave"]').status_code == 200
    assert waiting.getresponse().read().decode() == LAST
    assert phone.push("1").status_code == 200, "the client is on its way out, too"
    assert phone.poll().text == "1"
    assert phone.poll().status_code == 400
    assert phone.push("3").status_code == 400


def test_last_words_wait_for_a_client_between_two_polls(calm: str) -> None:
    phone = leaving(calm)
    phone.push('42["leave"]')
    assert phone.poll().text == LAST
    assert phone.poll().text == "1"
    assert phone.poll().status_code == 400


def test_what_is_left_of_a_session_takes_no_websocket(calm: str) -> None:
    phone = leaving(calm)
    phone.push('42["leave"]')
    assert RawWebSocket(calm, f"EIO=4&transport=websocket&sid={phone.sid}").refused == 400
    assert phone.poll().text == LAST
