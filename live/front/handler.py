"""One connection: its requests, each in its time, and its seat."""

import contextlib
import errno
import http.client
import io
import socket as sockets
from typing import Any, Protocol

import gevent
from gevent.pywsgi import WSGIHandler

from live.engine.handshake import SocketHandler
from live.front.body import Body
from live.front.intake import Intake, Times, TooMuch
from live.front.refusals import MEDIA, REFUSED, problem, refusal
from live.front.seats import Seat, Seats, Waits, end_at_once

_MOST_HEAD = 64 * 1024
_KERNEL_BUFFER = 256 * 1024  # the kernel's default grows to megabytes, for each who does not read
_HEALTH = "/health/"
Answered = tuple[str, bytes]


class Front(Protocol):
    """The server, as far as a connection needs it."""

    times: Times
    seats: Seats


class FrontHandler(SocketHandler):
    """`SocketHandler` whose client is not waited for without end."""

    ignored_socket_errors = (*WSGIHandler.ignored_socket_errors, errno.EBADF)  # the seat became another's
    server: Front

    def __init__(self, sock: Any, address: Any, server: Front, seat: Seat) -> None:
        self._seat, self._seats = seat, server.seats
        self._times = server.times
        self._intake = Intake(sock)
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, _KERNEL_BUFFER)
        self._waits_first = Waits.FIRST_HEAD
        self._body_begun = False
        super().__init__(sock, address, server, io.BufferedReader(self._intake, 8192))

    def handle_one_request(self) -> Any:
        """Answer a request, or say as `handle` is to be told what it is refused with."""
        outcome = super().handle_one_request()
        if isinstance(outcome, tuple) and outcome[0] in REFUSED:
            return outcome[0], refusal(outcome[0])
        return outcome

    def read_requestline(self) -> str:
        """Wait for a request: the first one soon, others after a rest."""
        times, first = self._times, self._waits_first is Waits.FIRST_HEAD
        self._seats.wait(self._seat, self._waits_first)
        self._waits_first, self._body_begun = Waits.REST, False
        if first:
            self._intake.expect_head(times.headers_s, 0.0, _MOST_HEAD)
        else:
            gevent.sleep(
                0
            )  # who sends its requests all at once does not have them all answered before others'
            self._intake.expect_head(times.rest_s, times.headers_s, _MOST_HEAD)
        return super().read_requestline()

    def get_environ(self) -> dict[str, Any]:
        """The head is there: the environment, with a body that is read in its time."""
        self._seats.wait(self._seat, None)
        environ = super().get_environ()
        self.wsgi_input = environ["wsgi.input"] = Body(self, self.wsgi_input, self.rfile)
        environ["wsgi.input_terminated"] = True
        return environ

    def reads_body(self) -> Intake:
        """The application waits for the body."""
        if not self._body_begun:
            self._body_begun = True
            self._intake.expect_body(self._times.grace_s, self._times.least_rate)
        self._seats.wait(self._seat, Waits.BODY)
        return self._intake

    def has_read(self) -> None:
        """It waits no more."""
        self._seats.wait(self._seat, None)

    def run_application(self) -> None:
        """Let the application answer; where there is no room, about its health alone."""
        if self._seat.spare and not self.path.startswith(_HEALTH):
            self.application = _no_room
        super().run_application()

    def give_up_socket(self) -> Any:
        """Let go of the connection, which counts on."""
        return self._seats.keep(self._seat, super().give_up_socket())

    def _sendall(self, data: Any) -> None:
        """Send in pieces, each of which has the time of grace; who takes none is cut, and what waits is freed."""
        piece = max(1, int(self._times.grace_s * self._times.least_rate))
        view = memoryview(data)
        self._seats.wait(self._seat, Waits.ANSWER)
        self.socket.settimeout(self._times.grace_s)
        try:
            for start in range(0, len(view), piece):
                super()._sendall(view[start : start + piece])
        except TimeoutError:
            with contextlib.suppress(OSError):
                end_at_once(self.socket)
            raise ConnectionResetError(errno.ECONNRESET, "the answer was not read") from None
        finally:
            self._seats.wait(self._seat, None)

    def _handle_client_error(self, ex: Exception) -> Answered | None:
        """Refuse what is no request, without a line in the log for each; who was too slow just ends."""
        if isinstance(ex, OSError):
            return None
        if isinstance(ex, TooMuch | http.client.HTTPException):
            return "431", b""  # the words are `handle_one_request`'s
        return "400", b""


def _no_room(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    headers = [("Content-Type", MEDIA), ("Retry-After", "5"), ("Connection", "close")]
    start_response("503 Service Unavailable", headers)
    return [problem("503")]
