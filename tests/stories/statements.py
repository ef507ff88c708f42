"""What is asked of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that an engine runs meanwhile, each with its parameters."""
    asked: list[tuple[str, Any]] = []

    def hears(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hears)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hears)
