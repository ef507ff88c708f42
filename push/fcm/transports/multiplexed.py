"""Many messages at a time over one HTTP/2 connection, by libcurl; the SDK says what is sent and what answers mean.

Each batch has a line: a connection (a few where the server allows fewer streams than the batch needs), driven by the
thread that asks. A line is kept for the next batch while it is sound, so a worker that sends from one thread has one
connection. After a timeout or a break a line takes nothing new, finishes what it has, and is closed: a connection
that is half dead costs one timeout.

libcurl sends a request again by itself where a kept connection breaks before any byte of an answer came, and the
server may have accepted the message then. It must read the body anew for that, so the body is given as a stream that
cannot be rewound: the request ends with an error instead, and the queue decides. The price is that what libcurl could
safely repeat (a refused stream, a connection that the server is ending) comes back as `Later` too.
"""

import io
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import certifi
import orjson
import pycurl
from firebase_admin import messaging
from google.auth.exceptions import GoogleAuthError

from push.fcm.outcomes import Later, Outcome, Sent, outcome_of
from push.fcm.sdk import Sdk, token_refused
from push.fcm.transports import FLIGHT, NOT_BEGUN

_CONNECTIONS = 4
_SILENT_LINES = 2
_IDLE_S = 1.0
_NO_SOCKET_S = 0.005
_RETRY_AFTER: int = pycurl.RETRY_AFTER  # pyright: ignore[reportAttributeAccessIssue] - its stubs lack it
_REASONS = {
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_COULDNT_CONNECT: "no_connection",
    pycurl.E_COULDNT_RESOLVE_HOST: "no_connection",
}


@dataclass
class _Call:
    """A message on its way; `refused` is the access token that it was refused with before."""

    number: int
    body: bytes
    token: str = ""
    refused: str | None = None
    answer: list[bytes] = field(default_factory=list)


class _Line:
    """Connections to FCM and the requests on them; for one thread at a time."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, _CONNECTIONS)
        self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, FLIGHT)
        self._free: list[Any] = []
        self._busy: dict[Any, _Call] = {}
        self.sound = True
        self.heard = False

    def __len__(self) -> int:
        return len(self._busy)

    def begin(self, call: _Call) -> None:
        """Put a request on its way."""
        handle = self._free.pop() if self._free else _handle(self._sdk)
        handle.setopt(pycurl.HTTPHEADER, [*_headers(self._sdk), f"Authorization: Bearer {call.token}"])
        handle.setopt(pycurl.POSTFIELDSIZE, len(call.body))
        handle.setopt(pycurl.READFUNCTION, io.BytesIO(call.body).read)
        handle.setopt(pycurl.WRITEFUNCTION, call.answer.append)
        self._busy[handle] = call
        self._multi.add_handle(handle)

    def ended(self) -> Iterator[tuple[_Call, Outcome | Exception]]:
        """Wait until something moves; the calls that ended, with outcome or error."""
        self._wait()
        self._multi.perform()
        more = 1
        while more:
            more, answered, failed = self._multi.info_read()
            for handle in answered:
                self.heard = True
                status, wait_s = handle.getinfo(pycurl.RESPONSE_CODE), handle.getinfo(_RETRY_AFTER)
                call = self._end(handle)
                yield call, self._judge(status, b"".join(call.answer), wait_s)
            for handle, code, _ in failed:
                self.sound = False
                yield self._end(handle), Later(_REASONS.get(code, "connection_lost"))

    def close(self) -> None:
        """Close the connections; what is under way is given up."""
        for handle in list(self._busy):
            self._end(handle)
        for handle in self._free:
            handle.close()
        self._multi.close()

    def _wait(self) -> None:
        """Until a socket moves or libcurl has a deadline of its own."""
        due_ms = self._multi.timeout()
        wait_s = _IDLE_S if due_ms < 0 else min(_IDLE_S, due_ms / 1000)
        if wait_s and self._multi.select(wait_s) < 0:
            time.sleep(min(wait_s, _NO_SOCKET_S))

    def _end(self, handle: Any) -> _Call:
        self._multi.remove_handle(handle)
        self._free.append(handle)
        return self._busy.pop(handle)

    def _judge(self, status: int, body: bytes, wait_s: int) -> Outcome | Exception:
        if status != 200:
            return self._sdk.failure(status, body, wait_s)
        try:
            return Sent(orjson.loads(body)["name"])
        except (ValueError, TypeError, KeyError):
            return Later("unreadable_answer")


class Multiplexed:
    """Lines, one for each thread that sends at the same time."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk
        self._lines: list[_Line] = []
        self._lock = threading.Lock()

    def send_all(
        self, messages: Sequence[messaging.Message], dry_run: bool = False, until: float | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Send each message once."""
        waiting: list[_Call] = []
        for number, message in enumerate(messages):
            try:
                waiting.append(_Call(number, self._sdk.encode(message, dry_run)))
            except ValueError as error:
                yield number, outcome_of(error)
        waiting.reverse()
        silent = 0
        while waiting and silent < _SILENT_LINES and not _over(until):
            heard = yield from self._over_one_line(waiting, until)
            silent = 0 if heard else silent + 1
        left = NOT_BEGUN if silent < _SILENT_LINES else Later("no_answers")
        yield from ((call.number, left) for call in waiting)

    def close(self) -> None:
        """Close the lines that are free."""
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            line.close()

    def _over_one_line(
        self, waiting: list[_Call], until: float | None
    ) -> Generator[tuple[int, Outcome], None, bool]:
        """Send until all is answered, or until the line is broken or the time over and what was on it has ended.

        Returns whether there was any answer.
        """
        with self._lock:
            line = self._lines.pop() if self._lines else _Line(self._sdk)
        finished = line.heard = False
        try:
            while (waiting and line.sound and not _over(until)) or len(line):
                while waiting and line.sound and len(line) < FLIGHT and not _over(until):
                    if (ended := self._begin(line, waiting.pop())) is not None:
                        yield ended
                for call, answer in line.ended():
                    if isinstance(answer, Exception) and token_refused(answer) and call.refused is None:
                        waiting.append(_Call(call.number, call.body, refused=call.token))
                    else:
                        yield call.number, outcome_of(answer) if isinstance(answer, Exception) else answer
            finished = True
            return line.heard
        finally:
            if finished and line.sound:
                with self._lock:
                    self._lines.append(line)
            else:
                line.close()

    def _begin(self, line: _Line, call: _Call) -> tuple[int, Outcome] | None:
        try:
            call.token = self._sdk.token(call.refused)
        except GoogleAuthError as error:
            return call.number, outcome_of(error)
        line.begin(call)
        return None


def _over(until: float | None) -> bool:
    return until is not None and time.monotonic() >= until


def _headers(sdk: Sdk) -> list[str]:
    return ["Content-Type: application/json", "Expect:", *(f"{k}: {v}" for k, v in sdk.headers.items())]


def _handle(sdk: Sdk) -> Any:
    """A request that can be used again and again."""
    handle = pycurl.Curl()
    clear = sdk.url.startswith("http://")
    version = pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE if clear else pycurl.CURL_HTTP_VERSION_2TLS
    milliseconds = int(sdk.timeout_s * 1000)
    for option, value in (
        (pycurl.URL, sdk.url),
        (pycurl.POST, 1),
        (pycurl.HTTP_VERSION, version),
        (pycurl.PIPEWAIT, 1),
        (pycurl.NOSIGNAL, 1),
        (pycurl.TIMEOUT_MS, milliseconds),
        (pycurl.CONNECTTIMEOUT_MS, milliseconds),
        (pycurl.CAINFO, certifi.where()),
    ):
        handle.setopt(option, value)
    return handle
