"""The engine, and the one place where transactions open and end.

Row-level security is told the organisation with `SET LOCAL` as the transaction opens: it cannot outlive the
transaction on a pooled connection. Without an organisation nothing of any organisation is visible to the web's role.
`commit` and `rollback` appear in this module only.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Engine, MetaData, Row, Table, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session

from base.errors import Problem

AnyRow = Row[*tuple[Any, ...]]
_ENTER = text("SELECT set_config('app.organisation_id', :value, true)")
CONNECT_ARGS = {"connect_timeout": 10, "application_name": "hereabouts"}


class Model(DeclarativeBase):
    """The base of all tables' classes; constraint names are fixed so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table_of(model: type[Model]) -> Table:
    """The model's table, for Core statements."""
    return cast("Table", model.__table__)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def make_engine(url: str, pool_size: int = 10) -> Engine:
    """A pooled engine; connections that died with a PostgreSQL restart are replaced before use."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        hide_parameters=True,  # what people say and where they are has no place in logs
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args=CONNECT_ARGS,
    )


class Database:
    """Transactions on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def transaction(self, organisation_id: UUID | None = None) -> Generator[Session]:
        """A session that commits when the block ends and rolls back when it raises.

        A `Problem` that says `keeps_changes` commits and is raised on.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            enter_organisation(session, organisation_id)
            try:
                yield session
            except Problem as problem:
                if problem.keeps_changes:
                    session.commit()
                else:
                    session.rollback()
                raise
            except BaseException:
                session.rollback()
                raise
            session.commit()


def enter_organisation(session: Session, organisation_id: UUID | None) -> None:
    """Tell row-level security whose rows this transaction may touch; it lasts until the transaction ends."""
    session.execute(_ENTER, {"value": "" if organisation_id is None else str(organisation_id)})
