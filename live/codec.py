"""JSON for Socket.IO by orjson, in the form that python-socketio expects of a json module."""

from typing import Any

import orjson


def dumps(value: Any, **_options: Any) -> str:
    """The text of a value."""
    return orjson.dumps(value).decode()


def loads(text: str | bytes, **_options: Any) -> Any:
    """The value of a text."""
    return orjson.loads(text)
