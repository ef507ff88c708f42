"""Structured logs: a constant event name with fields. Never tokens, positions or message text."""

import logging
import re
import sys
from typing import Any

from base.absent import absent

with absent("rich", "better_exceptions"):
    import structlog

_QUOTING = re.compile(r"\s*(?:DETAIL|LINE \d+|QUERY|CONTEXT):")


def configure_logs(level: str, form: str) -> None:
    """One line an event on stderr, as JSON or as text for a terminal."""
    renderer = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_details,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def without_details(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """A fault of the database as it is logged: PostgreSQL's detail quotes the row, and its line the statement."""
    if isinstance(fault := event.get("exception"), str):
        lines = (line for line in fault.split("\n") if not _QUOTING.match(line))
        event["exception"] = "\n".join(lines)
    return event


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module."""
    return structlog.get_logger(module=name)
