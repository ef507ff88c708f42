"""WebSocket as RFC 6455 says: handshake, pieces, control frames, and the code with which a fault ends it."""

import pytest
import requests

from tests.raw_socket import CLOSE, PING, PONG, TEXT, RawWebSocket, frame

WEBSOCKET = "EIO=4&transport=websocket"


def test_websocket_pings_are_answered(calm: str) -> None:
    phone = RawWebSocket.opened(calm)
    phone.sends_bytes(frame(PING, b"are you there"))
    assert phone.reads_frame() == (PONG, b"are you there", False)


def test_a_close_frame_is_answered(calm: str) -> None:
    phone = RawWebSocket.opened(calm)
    phone.sends_bytes(frame(CLOSE, b"\x03\xe8"))
    assert phone.reads_frame()[:2] == (CLOSE, b"\x03\xe8")
    assert phone.is_closed()


def test_a_message_may_come_in_pieces(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    pieces = frame(TEXT, b'42["mess', first=TEXT) + frame(PING, b"") + frame(0, b'age","\xed\x95', first=0)
    for byte in pieces + frame(0, b'\x9c"]', first=0x80):
        phone.sends_bytes(bytes((byte,)))
    assert phone.reads_frame()[0] == PONG
    assert phone.reads() == '42["message-back","한"]'


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"3", masked=False), 1002),
        (frame(TEXT, b"3", first=0xC1), 1002),
        (frame(TEXT, b"3", first=0x91), 1002),
        (frame(3, b""), 1002),
        (frame(0, b"3", first=0x80), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(PING, b"", first=PING), 1002),
        (frame(TEXT, b"4\xff"), 1007),
        (frame(TEXT, b"4" * 1_000_001), 1009),
        (frame(TEXT, b"4", first=TEXT) + frame(TEXT, b"2"), 1002),
    ],
)
def test_a_broken_frame_ends_the_websocket_with_its_code(calm: str, sent: bytes, code: int) -> None:
    phone = RawWebSocket.opened(calm)
    phone.sends_bytes(sent)
    opcode, payload, _ = phone.reads_frame()
    assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, code)


@pytest.mark.parametrize(
    "header", ["Sec-WebSocket-Key: short", "Sec-WebSocket-Version: 8", "Upgrade: other", "Connection: close"]
)
def test_a_wrong_handshake_is_a_bad_request(calm: str, header: str) -> None:
    name, value = header.split(": ")
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = requests.get(f"{calm}/socket.io/?{WEBSOCKET}", headers={**headers, name: value}, timeout=60)
    assert answer.status_code == 400
