"""The PostgreSQL server as its superuser sees it: databases are made, given each other's places, and dropped."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url, text

_LONGEST_NAME = 63
_VERBATIM: dict[str, Any] = {"execution_options": {"no_parameters": True}}  # a % is a %
_EMPTY = text(
    """
    SELECT NOT EXISTS (
        SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    )
    """
)


class NotPossible(Exception):
    """Why the server does not do it, in a sentence."""


class Server:
    """One server. `url` names a superuser and the database that this is about, the target."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.target = str(self.url.database)
        self._maintenance = create_engine(
            self.url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool, **_VERBATIM
        )

    def beside(self, what: str) -> str:
        """The name of a database beside the target."""
        return f"{self.target[: _LONGEST_NAME - 1 - len(what)]}_{what}"

    def url_of(self, database: str, role_of: str | None = None) -> URL:
        """How to connect to a database, as the superuser or as the role of another URL."""
        return (self.url if role_of is None else make_url(role_of)).set(database=database)

    def engine(self, database: str) -> Engine:
        """For statements in a database; it keeps no connection that would stand in the way."""
        return create_engine(self.url_of(database), poolclass=NullPool, **_VERBATIM)

    @contextmanager
    def held(self) -> Generator[Connection]:
        """Be the only one who restores this target; raises `NotPossible`. Ends with the connection, also by a kill."""
        with self._maintenance.connect() as connection:
            if not connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
                raise NotPossible(
                    "ADMIN_DATABASE_URL has to name a superuser: extensions and marks need one."
                )
            mine = text("SELECT pg_try_advisory_lock(hashtextextended('hereabouts restores ' || :name, 0))")
            if not connection.scalar(mine, {"name": self.target}):
                raise NotPossible(f"Another restore or rehearsal of {self.target} is running.")
            yield connection

    def has_content(self, held: Connection, database: str) -> bool:
        """Whether there is such a database with tables of anybody's."""
        if not _exists(held, database):
            return False
        with self.engine(database).connect() as connection:
            return not connection.scalar(_EMPTY)

    def make(self, held: Connection, database: str) -> None:
        """Make an empty database, in the place of one that was left behind."""
        self.drop(held, database)
        held.exec_driver_sql(f"CREATE DATABASE {_quoted(database)} TEMPLATE template0 ENCODING 'UTF8'")

    def hand_over(self, held: Connection, database: str) -> None:
        """Let the product's own role own a database, once there is that role."""
        held.exec_driver_sql(f"ALTER DATABASE {_quoted(database)} OWNER TO hereabouts_owner")

    def drop(self, held: Connection, database: str) -> None:
        """Drop a database, whoever is connected."""
        held.exec_driver_sql(f"DROP DATABASE IF EXISTS {_quoted(database)} WITH (FORCE)")

    def put_in_place(self, held: Connection, database: str) -> None:
        """Give a database the target's name, and drop the one that had it. Whoever is connected to that is cut off.

        At any moment one of the two has the name, or, where this process is killed, nobody may connect to it.
        """
        if not _exists(held, self.target):
            held.exec_driver_sql(f"ALTER DATABASE {_quoted(database)} RENAME TO {_quoted(self.target)}")
            return
        replaced = self.beside("replaced")
        self.drop(held, replaced)
        held.exec_driver_sql(f"ALTER DATABASE {_quoted(self.target)} ALLOW_CONNECTIONS false")
        try:
            held.execute(
                text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"),
                {"name": self.target},
            )
            held.exec_driver_sql(
                f"ALTER DATABASE {_quoted(self.target)} RENAME TO {_quoted(replaced)};"
                f"ALTER DATABASE {_quoted(database)} RENAME TO {_quoted(self.target)}"
            )
        except BaseException:
            held.exec_driver_sql(f"ALTER DATABASE {_quoted(self.target)} ALLOW_CONNECTIONS true")
            raise
        self.drop(held, replaced)


def _exists(held: Connection, database: str) -> bool:
    found = text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
    return bool(held.scalar(found, {"name": database}))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
