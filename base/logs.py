"""Structured logs: a constant event name with fields. Never tokens, positions or message text."""

import logging
import sys

from base.absent import absent

with absent("rich", "better_exceptions"):
    import structlog


def configure_logs(level: str, form: str) -> None:
    """One line an event on stderr, as JSON or as text for a terminal."""
    renderer = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module."""
    return structlog.get_logger(module=name)
