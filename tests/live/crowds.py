"""Connections that cost their clients nothing, and wait for nothing."""

import contextlib
import http.client
import socket
import time

import requests

from tests.raw_socket import Polling, RawWebSocket

WEBSOCKET = "EIO=4&transport=websocket"


def connects(address: str, *said: bytes) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    made = socket.create_connection((host, int(port)), timeout=60)
    with contextlib.suppress(OSError):  # it may be ended while it speaks
        for words in said:
            made.sendall(words)
    return made


def half_a_head(address: str) -> socket.socket:
    return connects(address, b"GET /v1/me HTTP/1.1\r\nHost: here\r\nAccept: ")


def nothing(address: str) -> socket.socket:
    return connects(address)


def half_a_body(address: str) -> socket.socket:
    head = b"POST /v1/sessions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    return connects(address, head, b'{"organisation":')


def a_rest(address: str) -> socket.socket:
    made = connects(address, b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n")
    with contextlib.suppress(OSError):
        made.recv(65_536)
    return made


def unread_answers(address: str) -> socket.socket:
    made = connects(address, b"GET /openapi.json HTTP/1.1\r\nHost: here\r\n\r\n" * 40)
    with contextlib.suppress(OSError):
        made.recv(1)  # they have begun
    return made


def a_socket_that_never_connects(address: str) -> RawWebSocket:
    return RawWebSocket(address, WEBSOCKET)


def a_poll_that_never_connects(address: str) -> http.client.HTTPConnection:
    phone = Polling(address)
    with contextlib.suppress(requests.ConnectionError, AssertionError):
        phone.opened()
    return phone.begins_poll(http.client.HTTPConnection(address.removeprefix("http://"), timeout=60))


CROWDS = [
    half_a_head,
    nothing,
    half_a_body,
    a_rest,
    unread_answers,
    a_socket_that_never_connects,
    a_poll_that_never_connects,
]


def waits_of_others(address: str) -> list[float]:
    """How many seconds those wait who ask beside a crowd; each is answered as ever."""
    waited = []
    for path, status in (("/health/live", 200), ("/v1/me", 401), ("/health/ready", 200)) * 4:
        began = time.monotonic()
        assert requests.get(f"{address}{path}", timeout=60).status_code == status
        waited.append(time.monotonic() - began)
    return waited
