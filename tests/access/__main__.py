"""`python -m tests.access` writes the table anew, from what the product does."""

from tests import left_behind
from tests.access.cast import cast_of
from tests.access.table import TABLE, found, text_of
from tests.databases import clone, make_run_folder, started_cluster
from tests.world import World


def main() -> None:
    """All operations, as everybody."""
    folder = make_run_folder()
    try:
        cluster = started_cluster(folder)
        cast = cast_of(World(cluster, clone(cluster, "access")))
        by_role = {role: found(cast, role) for role in cast.askers}
        operations = next(iter(by_role.values()))
        TABLE.write_text(
            text_of({name: {role: by_role[role][name] for role in by_role} for name in operations})
        )
    finally:
        left_behind.remove(folder)


main()
