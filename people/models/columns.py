"""What the tables of people have in common."""

from typing import Any

from sqlalchemy import DateTime, func
from sqlalchemy.orm import mapped_column


def one_of(column: str, *values: str) -> str:
    """The condition that a column has one of these values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def moment(*, default: bool = False, index: bool = False) -> Any:
    """A column for a moment; `default`: when the row was made."""
    now = func.now() if default else None
    return mapped_column(DateTime(timezone=True), server_default=now, index=index or None)
