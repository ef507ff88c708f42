"""Half heads, stuck bodies, unread answers and rests: each has its time, and then it is over."""

import contextlib
import select
import socket
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import requests
from gevent import socket as cooperative
from gevent.event import Event

from live.front.intake import Intake, Times, TooMuch
from live.front.seats import Room
from live.front.server import FrontServer
from schemas.problems import ProblemDetails
from tests.product import Product

HEAD = b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /v1/sessions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
SIGN_IN = POST + b"Content-Length: 1000\r\n\r\n"
IN_CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def quick(product: Product) -> Iterator[str]:
    """A web process that waits for a second, whatever it waits for."""
    times = {"HEADER_TIMEOUT": "1", "TRANSFER_TIMEOUT": "1", "KEEP_ALIVE": "1"}
    (address,) = product.start_other_webs("quick", **times)
    yield address
    product.stop_part("quick")


class Raw:
    """A connection on which a test says what it likes."""

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)

    def says(self, words: bytes) -> "Raw":
        self._socket.sendall(words)
        return self

    def is_cut(self) -> bool:
        """Whether the connection is reset within half a minute although nothing of it is read."""
        watched = select.poll()
        watched.register(self._socket, 0)
        return bool(watched.poll(30_000))

    def hears_out(self, while_saying: bytes = b"") -> bytes:
        """All until the end, which has to come; meanwhile it says a byte each tenth of a second, if it is to."""
        heard, left = b"", list(while_saying)
        self._socket.settimeout(0.1 if left else 30)
        with contextlib.suppress(ConnectionError):
            while True:
                try:
                    data = self._socket.recv(65_536)
                except TimeoutError:
                    assert left, "it does not end"
                    self._socket.sendall(bytes((left.pop(0),)))
                    continue
                if not data:
                    break
                heard += data
        return heard


@pytest.mark.parametrize("said", [b"", b"G", b"GET /v1/me HTTP/1.1\r\n", HEAD[:-2]])
def test_half_a_head_ends_without_a_word(quick: str, said: bytes) -> None:
    assert Raw(quick).says(said).hears_out() in (
        b"",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-length: 0\r\n\r\n",
    )


def test_a_head_that_dribbles_ends_too(quick: str) -> None:
    assert Raw(quick).says(b"GET / HTTP/1.1\r\n").hears_out(while_saying=b"X: " + b"y" * 200) == b""


def test_a_rest_ends_and_so_does_half_a_head_after_it(quick: str) -> None:
    assert Raw(quick).says(HEAD).hears_out().count(b" 200 OK") == 1
    assert Raw(quick).says(HEAD + HEAD).hears_out().count(b" 200 OK") == 2
    assert Raw(quick).says(HEAD + HEAD[:-2]).hears_out().count(b" 200 OK") == 1


@pytest.mark.parametrize(
    "said",
    [
        SIGN_IN,
        SIGN_IN + b"{",
        IN_CHUNKS,
        IN_CHUNKS + b"5",
        IN_CHUNKS + b"5\r\nab",
        IN_CHUNKS + b"2\r\n{}\r\n0\r\nX",
    ],
)
def test_a_body_that_does_not_come_is_told_so(quick: str, said: bytes) -> None:
    heard = Raw(quick).says(said).hears_out()
    assert heard.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"too_slow"' in heard


def test_a_body_that_dribbles_is_told_so_too(quick: str) -> None:
    assert Raw(quick).says(SIGN_IN).hears_out(while_saying=b"{" * 200).startswith(b"HTTP/1.1 408 ")


def test_the_body_of_a_poll_that_does_not_come_ends_the_session(quick: str) -> None:
    opened = requests.get(f"{quick}/socket.io/?EIO=4&transport=polling", timeout=60).text
    sid = opened.split('"sid":"')[1].split('"')[0]
    head = f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n4"
    assert Raw(quick).says(head.encode()).hears_out().startswith(b"HTTP/1.1 400 ")
    assert (
        requests.get(f"{quick}/socket.io/?EIO=4&transport=polling&sid={sid}", timeout=60).status_code == 400
    )


def test_who_waits_to_be_told_to_go_on_is_not_waited_for(quick: str) -> None:
    said = b"GET /v1/me HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
    heard = Raw(quick).says(said).hears_out()
    assert heard.startswith(b"HTTP/1.1 401 ")


def test_answers_that_nobody_reads_are_cut(quick: str) -> None:
    slow = Raw(quick).says(b"GET /openapi.json HTTP/1.1\r\nHost: here\r\n\r\n" * 100)
    assert slow.is_cut()
    assert requests.get(f"{quick}/health/live", timeout=60).ok


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 3 + b"\r\n", 431),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"nonsense\r\n\r\n", 400),
        (IN_CHUNKS + b"1\r\n{\r\n" * 20_000 + b"0\r\n\r\n", 413),
        (IN_CHUNKS + (b"1;" + b"x" * 8_000 + b"\r\n{\r\n") * 10, 413),
        (POST + b"Content-Length: 100000000000\r\n\r\n", 413),
    ],
    ids=["heads", "long heads", "long line", "nonsense", "small chunks", "extensions of chunks", "length"],
)
def test_what_is_too_much_is_refused_and_its_connection_ends(quick: str, said: bytes, status: int) -> None:
    with contextlib.suppress(ConnectionError):
        raw = Raw(quick)
        raw.says(said)
    heard = raw.hears_out()
    assert heard.startswith(f"HTTP/1.1 {status} ".encode())
    told = orjson.loads(heard.partition(b"\r\n\r\n")[2])
    assert told["status"] == status
    assert ProblemDetails().validate(told) == {}


def test_a_large_body_that_is_refused_is_read_away_so_that_the_refusal_is_read(quick: str) -> None:
    answer = requests.post(f"{quick}/v1/admin/sites", data=b" " * 16_000_000, timeout=60)
    assert answer.status_code == 401


def test_who_asks_all_at_once_waits_among_the_others(quick: str) -> None:
    raw = Raw(quick).says(HEAD * 1_500)
    assert requests.get(f"{quick}/health/live", timeout=60).elapsed.total_seconds() < 0.5
    assert raw.hears_out().count(b" 200 OK") == 1_500


class Answer(list[bytes]):
    """A large one, that knows when it is let go of."""

    def __init__(self) -> None:
        super().__init__([b"x" * 20_000_000])
        self.freed = Event()

    def close(self) -> None:
        self.freed.set()


def serves(answer: Answer) -> FrontServer:
    """A server in this process that answers with it."""

    def application(_environ: dict[str, Any], start_response: Any) -> Answer:
        start_response("200 OK", [])
        return answer

    server = FrontServer(("127.0.0.1", 0), application, Times(grace_s=0.2, least_rate=1_000_000), Room())
    server.start()
    return server


def test_an_answer_that_is_not_read_is_let_go_of_and_one_that_is_read_comes_whole() -> None:
    answer = Answer()
    server = serves(answer)
    unread = cooperative.create_connection(("127.0.0.1", server.server_port))
    unread.sendall(HEAD)
    assert answer.freed.wait(30)
    assert server.seats.taken == 0
    answer.freed.clear()
    with cooperative.create_connection(("127.0.0.1", server.server_port)) as reader:
        reader.sendall(HEAD.replace(b"Host", b"Connection: close\r\nHost"))
        heard = 0
        while data := reader.recv(1_000_000):
            heard += len(data)
    assert heard > 20_000_000
    unread.close()
    server.stop()


class Bytes:
    """A socket that has as many bytes as are asked for, and remembers how long it was to be waited for."""

    def settimeout(self, seconds: float) -> None:
        self.waited_for = seconds

    def recv_into(self, buffer: Any) -> int:
        return len(buffer)


def test_a_body_may_take_as_long_as_its_bytes_take_at_the_least_rate() -> None:
    now, sock = [0.0], Bytes()
    intake = Intake(sock, lambda: now[0])
    intake.expect_body(20.0, 1_000.0)
    for second in range(1_000):  # twice the least rate, for a quarter of an hour
        now[0] = float(second)
        intake.readinto(bytearray(2_000))
    now[0] = 2_019.0
    intake.readinto(bytearray(1))
    assert sock.waited_for == pytest.approx(1.0)
    now[0] = 2_020.1
    with pytest.raises(TimeoutError):
        intake.readinto(bytearray(1))


def test_a_head_has_its_time_from_its_first_byte_and_its_size() -> None:
    now, sock = [0.0], Bytes()
    intake = Intake(sock, lambda: now[0])
    intake.expect_head(75.0, 15.0, 100)
    now[0] = 70.0
    intake.readinto(bytearray(1))
    now[0] = 84.0
    intake.readinto(bytearray(98))
    now[0] = 85.0
    with pytest.raises(TimeoutError):
        intake.readinto(bytearray(1))
    intake.expect_head(75.0, 15.0, 100)
    intake.readinto(bytearray(100))
    with pytest.raises(TooMuch):
        intake.readinto(bytearray(1))
