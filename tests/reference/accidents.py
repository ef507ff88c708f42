"""What happens to phones: killed in the middle, answers lost, requests that never arrive."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.reference.client import Refused
from tests.world import Phone

_HERE = Path(__file__).resolve().parent
_KILLABLE = {str(_HERE / "client.py"), str(_HERE / "store.py")}


class Killed(BaseException):
    """The process is gone. It derives from BaseException because nothing may catch it."""


def killed_at(line: int, action: Callable[[], object]) -> bool:
    """Run, and be killed before the `line`-th line of the client's code; False when it ended before."""
    left = line

    def trace(frame: FrameType, what: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in _KILLABLE:
            return None
        if what == "line":
            left -= 1
            if left < 0:
                raise Killed
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except Killed:
        return True
    finally:
        sys.settrace(before)
    return False


class Network:
    """Requests of a phone; `cut(n)` loses the n-th from now on, on its way there or its answer on the way back."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._left: int | None = None
        self._arrives = False

    def cut(self, after: int, *, arrives: bool) -> None:
        """Lose one request, or only its answer."""
        self._left, self._arrives = after, arrives

    def mend(self) -> None:
        """Lose nothing more."""
        self._left = None

    def send(self, method: str, path: str, body: Any) -> Any:
        """As an app's HTTP client."""
        lost = self._left == 0
        if self._left is not None:
            self._left -= 1
        if lost and not self._arrives:
            raise ConnectionError
        answer = self._phone.request(method, path, body)
        if lost:
            raise ConnectionError
        if answer.status_code >= 400:
            raise Refused(answer.status_code, answer.get_json(), answer.headers.get("Retry-After"))
        return answer.get_json()
