"""What a request or greenlet is doing, in a word, for whoever finds that it holds up others (`base/watchdog.py`)."""

from contextvars import ContextVar

OTHER = "other"
# A route, and never what somebody sends: it goes into logs and becomes a label of a metric.
DOING: ContextVar[str] = ContextVar("doing", default=OTHER)
# Whose request it is, for what is shared out among people: an id, and never told.
ASKER: ContextVar[str] = ContextVar("asker", default="")
