"""Every operation, as everybody who could ask, beside what is written down (`tests/access/table.txt`)."""

from bench.attack.case import Case
from bench.attack.stage import Kind, Stage
from tests.access.cast import cast_of
from tests.access.table import found, written


def as_written(stage: Stage) -> list[str]:
    """The cells that are not as they are written; all of them are asked, and nothing is changed by it."""
    table, cast = written(), cast_of(stage.world)
    print(f"  {len(table)} operations x {len(cast.askers)} roles")
    return [
        f"{role}, {name}: {cell} instead of {table.get(name, {}).get(role)}"
        for role in cast.askers
        for name, cell in found(cast, role).items()
        if table.get(name, {}).get(role) != cell
    ]


CASES = (Case("access.as_written", as_written, on=Kind.UNPACED),)
