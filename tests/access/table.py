"""`table.txt`: what each operation answers to everybody who could ask. `python -m tests.access` writes it anew.

    +  is answered, or refused for what was sent, and not for who sent it
    x  may not (403)        .  there is no such thing for them (404)        -  is not signed in (401)

What is written anew is what the product does, and not what it should do: read each cell that changed.
"""

from pathlib import Path
from typing import Any

from tests.access.cast import Cast
from tests.api.operations import OPERATIONS, json_body, least_query
from tests.stories.things import filled

TABLE = Path(__file__).parent / "table.txt"
_CELLS = {401: "-", 403: "x", 404: "."}
Rows = dict[str, dict[str, str]]


def name_of(method: str, path: str) -> str:
    """How an operation is named in the table."""
    return f"{method} {path}"


def written() -> Rows:
    """The table: the cells of each operation, by role."""
    head, *lines = (line.split() for line in TABLE.read_text().splitlines() if line)
    return {f"{method} {path}": dict(zip(head, cells, strict=True)) for method, path, *cells in lines}


def found(cast: Cast, role: str) -> dict[str, str]:
    """What the product answers somebody, by operation."""
    return {
        name_of(method, path): _cell(cast, role, method, path, operation)
        for method, path, operation in OPERATIONS
    }


def _cell(cast: Cast, role: str, method: str, path: str, operation: dict[str, Any]) -> str:
    content = json_body(operation)
    body = _of_theirs(content["example"], cast.known) if content else None
    status = cast.answer(role, method, filled(path, cast.known) + least_query(operation), body).status_code
    assert status < 500, (role, method, path, status)
    return _CELLS.get(status, "+")


def _of_theirs(example: Any, known: dict[str, str]) -> Any:
    """An example whose ids are those of things that are there."""
    if not isinstance(example, dict):
        return example
    one = {name: value for name, value in known.items() if name.endswith("_id")}
    several = {"person_ids": [known["person_id"]], "scope_ids": [known["scope_id"]], "mentions": []}
    return {name: (one | several).get(name, value) for name, value in example.items()}


def text_of(rows: Rows) -> str:
    """The table as the file holds it."""
    roles = list(next(iter(rows.values())))
    width = max(map(len, rows))
    lines = [f"{name:<{width}}  {'  '.join(cells[role] for role in roles)}" for name, cells in rows.items()]
    return "\n".join([" ".join(roles), "", *lines]) + "\n"
