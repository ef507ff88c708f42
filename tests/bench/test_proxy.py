"""The fault proxy of `make chaos` does to a connection what it says, and nothing otherwise."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.chaos.apart import ProxyApart
from bench.chaos.proxy import FaultProxy

_WAIT_S = 5.0
_SILENCE_S = 0.3


class Echo:
    """Answers what it is sent, and counts it."""

    def __init__(self, listener: socket.socket) -> None:
        self.heard, self._listener = b"", listener
        listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while data := connection.recv(65536):
                self.heard += data
                connection.sendall(data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Echo(listener)


@pytest.fixture(params=[FaultProxy, ProxyApart])
def proxy(echo: Echo, request: pytest.FixtureRequest) -> Iterator[FaultProxy | ProxyApart]:
    proxy = request.param(echo._listener.getsockname()[1])
    yield proxy
    proxy.close()


def connected(proxy: FaultProxy | ProxyApart) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=_WAIT_S)


def answered(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    got = b""
    while len(got) < len(data):
        piece = client.recv(65536)
        assert piece
        got += piece
    return got


def is_silent(client: socket.socket) -> bool:
    client.settimeout(_SILENCE_S)
    try:
        return client.recv(1) is None
    except TimeoutError:
        return True


def test_without_a_fault_everything_passes_unchanged(proxy: FaultProxy | ProxyApart) -> None:
    with connected(proxy) as client:
        data = bytes(range(256)) * 100
        assert answered(client, data) == data


def test_a_unix_socket_can_be_upstream(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "echo"))
        Echo(listener)
        proxy = FaultProxy(tmp_path / "echo")
        with connected(proxy) as client:
            assert answered(client, b"hello") == b"hello"
        proxy.close()


def test_drop_resets_what_is_there_and_lets_new_ones_in(proxy: FaultProxy | ProxyApart) -> None:
    with connected(proxy) as client:
        answered(client, b"x")
        proxy.drop()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with connected(proxy) as client:
        assert answered(client, b"y") == b"y"


def test_delay_holds_back_both_ways(proxy: FaultProxy | ProxyApart) -> None:
    with connected(proxy) as client:
        answered(client, b"x")
        proxy.delay(0.1)
        began = time.monotonic()
        answered(client, b"y")
        assert time.monotonic() - began >= 0.2
        proxy.delay(0)


def test_swallow_lets_the_request_pass_and_loses_the_answer(
    proxy: FaultProxy | ProxyApart, echo: Echo
) -> None:
    with connected(proxy) as client:
        answered(client, b"x")
        proxy.swallow(True)
        client.sendall(b"y")
        assert is_silent(client)
        assert echo.heard == b"xy"
        proxy.swallow(False)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_blackhole_takes_connections_and_is_silent_for_ever_to_them(
    proxy: FaultProxy | ProxyApart, echo: Echo
) -> None:
    with connected(proxy) as before:
        answered(before, b"x")
        proxy.blackhole(True)
        with connected(proxy) as meanwhile:
            for client in (before, meanwhile):
                client.sendall(b"lost")
                assert is_silent(client)
            proxy.blackhole(False)
            for client in (before, meanwhile):
                client.sendall(b"lost")
                assert is_silent(client)
    with connected(proxy) as after:
        assert answered(after, b"y") == b"y"
    assert echo.heard == b"xy"
