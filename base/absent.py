"""Libraries load companions because these are installed, not because anybody needs them.

structlog loads a terminal's colours, PyJWT the signatures of key pairs, python-socketio a client and Redis: for some
of our processes that is a good part of their start. All of them do without a companion that is not there, and Python
has a word for that: None in `sys.modules`. Who needs one all the same imports it by itself, before or after.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def absent(*companions: str) -> Generator[None]:
    """What is imported in here finds these packages missing, unless they are loaded already."""
    hidden = dict.fromkeys(name for name in companions if name not in sys.modules)
    sys.modules.update(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
