"""JSON for Socket.IO by orjson, in the form that python-socketio expects of a json module."""

from typing import Any

import orjson


def dumps(value: Any, **_options: Any) -> str:
    """The text of a value."""
    return orjson.dumps(value).decode()


def event(name: str, data: dict[str, Any]) -> str:
    """A Socket.IO event of the namespace `/`, as a message of Engine.IO."""
    return f'42["{name}",{dumps(data)}]'


def loads(text: str | bytes, **_options: Any) -> Any:
    """The value of a text."""
    return orjson.loads(text)
