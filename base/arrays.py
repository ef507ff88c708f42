"""Many values for one statement: arrays that it reads as a table, so that it is built once and sent once."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, bindparam, column, func


def arrays(name: str, columns: Mapping[str, tuple[str, Any]]) -> Any:
    """Parameters as a table of that name: parameter → (column, type). Each takes a list, all of one length."""
    lists = [bindparam(parameter, type_=ARRAY(kind)) for parameter, (_, kind) in columns.items()]
    named = [column(column_name, kind) for column_name, kind in columns.values()]
    return func.unnest(*lists).table_valued(*named).render_derived(name)
