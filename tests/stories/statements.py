"""What is asked of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from tests.world import Organisation, Phone


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


def explained(org: Organisation, phone: Phone, path: str, which: str) -> list[str]:
    """How the one statement behind an answer that has `which` in it runs for the person, line by line."""
    web = org.world.web
    with statements(web.engine) as asked:
        phone.get(path)
    ((statement, parameters),) = (one for one in asked if which in one[0])
    with web.transaction(org.id) as session:
        run = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE) {statement}", parameters)
        return list(run.scalars())
