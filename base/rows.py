"""Rows with names and types, into a statement and out of one: their columns are declared once, as a `NamedTuple`.

Many rows go in as one array a column, which the statement reads as a table: so it is built once for any number of them,
and sent once. What goes in and what comes out takes the names and types of the row's fields, and stands in one place.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CursorResult,
    DateTime,
    Executable,
    Result,
    Text,
    Uuid,
    bindparam,
    column,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

Row = TypeVar("Row", bound=tuple[Any, ...])
_TYPES: dict[Any, Any] = {
    UUID: Uuid,
    str: Text,
    int: BigInteger,
    bool: Boolean,
    datetime: DateTime(timezone=True),
    dict: JSONB,
}


class GivenRows:
    """A table in a statement whose rows are given with its parameters: `table` to build with, `values` to execute with.

    A field may hold a UUID, str, int, bool, moment or (for JSON) dict, or None instead.
    """

    def __init__(self, name: str, row: type[tuple[Any, ...]]) -> None:
        kinds = {field: _sql_type(hint) for field, hint in get_type_hints(row).items()}
        self._parameters = [f"{name}_{field}" for field in kinds]
        lists = [bindparam(f"{name}_{field}", type_=ARRAY(kind)) for field, kind in kinds.items()]
        columns = [column(field, kind) for field, kind in kinds.items()]
        self.table: Any = func.unnest(*lists).table_valued(*columns).render_derived(name)
        self.c: Any = self.table.c

    def values(self, rows: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
        """The parameters that make these rows the table's."""
        columns = list(zip(*rows, strict=True)) or [()] * len(self._parameters)
        return {parameter: list(values) for parameter, values in zip(self._parameters, columns, strict=True)}


def typed(result: Result[*tuple[Any, ...]], row: type[Row]) -> list[Row]:
    """What a statement answered, as rows of a `NamedTuple` that has its columns in their order."""
    fields, columns = tuple(get_type_hints(row)), tuple(result.keys())
    if fields != columns:
        raise TypeError(f"{row.__name__} has {fields}, and the statement answers {columns}")
    return [tuple.__new__(row, answer) for answer in result]  # as `_make` does


def rows_written(session: Session, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
    """Execute a statement that writes; returns how many rows it wrote."""
    return cast("CursorResult[Any]", session.execute(statement, values)).rowcount


def _sql_type(hint: Any) -> Any:
    """The column's type for a field's; whether it may be None is no matter to it."""
    of = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    (kind,) = (_TYPES[get_origin(one) or one] for one in of if one is not type(None))
    return kind
