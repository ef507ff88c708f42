"""The engine, and the one place where transactions open and end.

Row-level security is told the organisation with `SET LOCAL` as the transaction opens: it cannot outlive the
transaction on a pooled connection. Without an organisation nothing of any organisation is visible to the web's role.
`commit` and `rollback` appear in this module only.
"""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
from sqlalchemy import Engine, MetaData, Row, Table, create_engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from base import clock
from base.errors import Problem
from base.lately import Lately

AnyRow = Row[*tuple[Any, ...]]
# PostgreSQL ends by itself a transaction whose process it cannot hear any more: its locks would hold up everyone else.
SILENCE_S = 30
# Statements are short. PostgreSQL would compile those that it thinks dear, as a count that stops at 100 where much was
# said, and compiling takes a hundred times as long as the count.
_ENTER = text(
    "SELECT clock_timestamp(), set_config('app.organisation_id', :value, true),"
    " set_config('idle_in_transaction_session_timeout', :silence, true), set_config('jit', 'off', true)"
)
Outcome = TypeVar("Outcome")
# SQLSTATE of a deadlock, of a serialization failure, and of a row that another transaction has just written: PostgreSQL
# undid the one transaction to let another pass.
_GAVE_WAY = ("40P01", "40001", "23505")
_ATTEMPTS = 3
_DISK_FULL, _READ_ONLY = "53100", "25006"
# A peer that has gone without a goodbye is noticed by the kernel, too, also while nothing is asked.
CONNECT_ARGS: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "hereabouts",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class _Here(threading.local):
    """How many transactions are open in this thread, or greenlet where the process runs on gevent."""

    open = 0


_here = _Here()


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
    """A pooled engine. Once one connection was found dead, the whole pool is replaced."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        hide_parameters=True,  # what people say and where they are has no place in logs
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args=CONNECT_ARGS,
    )


class Database:
    """Transactions on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lately = Lately()

    @contextmanager
    def transaction(self, organisation_id: UUID | None = None) -> Generator[Session]:
        """A session that commits when the block ends and rolls back when it raises.

        A `Problem` that says `keeps_changes` commits and is raised on.
        """
        with self._opened(organisation_id) as session, _counted_open():
            try:
                yield session
            except Problem as problem:
                if problem.keeps_changes:
                    self._commit(session)
                else:
                    session.rollback()
                raise
            except BaseException as error:
                session.rollback()
                if is_full(error):
                    self.lately.found_full()
                raise
            self._commit(session)

    def _commit(self, session: Session) -> None:
        began = time.monotonic()
        session.commit()
        self.lately.committed(time.monotonic() - began)

    def _opened(self, organisation_id: UUID | None) -> Session:
        """A session inside row-level security.

        Its first statement also finds out whether the pooled connection survived the last PostgreSQL restart; where
        it did not, nothing has been done yet, and a new connection is as good. It spares a ping a transaction.
        """
        session = Session(self.engine, expire_on_commit=False)
        try:
            enter_organisation(session, organisation_id)
        except DBAPIError as error:
            session.close()
            if not error.connection_invalidated:
                raise
            enter_organisation(session, organisation_id)
        except BaseException:
            session.close()
            raise
        return session


@contextmanager
def _counted_open() -> Generator[None]:
    _here.open += 1
    try:
        yield
    finally:
        _here.open -= 1


def outside_transaction() -> None:
    """Raise `RuntimeError` inside a transaction. Whatever takes long asks this before it begins.

    An open transaction holds one of few connections and whatever it has locked: a hash, a file or an answer from the
    network would be waited for by everybody. It is asked always, not only by tests: it costs less than it could hide.
    """
    if _here.open:
        raise RuntimeError("this takes long, and a transaction is open")


def again_if_it_gave_way(act: Callable[[], Outcome]) -> Outcome:
    """Do something that opens a transaction of its own; do it anew where it had to give way to another.

    Nothing of the first attempt is left: all of it was rolled back, idempotency key and events included. So of two who
    write the same row at once, the one who comes second looks again, finds the other's row, and gets the answer that
    belongs to a late-comer; no insert needs to expect a twin of its own.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return act()
        except DBAPIError as error:
            if not gave_way(error):
                raise
    return act()


def gave_way(error: DBAPIError) -> bool:
    """Whether the transaction was undone because of another one, so that it is worth doing anew."""
    return _sqlstate(error) in _GAVE_WAY


def is_away(error: DBAPIError) -> bool:
    """Whether the database cannot do its work at the moment: not there, lost, full, or a replica that only reads."""
    lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return lost or _sqlstate(error) == _READ_ONLY


def is_full(error: BaseException) -> bool:
    """Whether the database's disk is full."""
    return isinstance(error, DBAPIError) and _sqlstate(error) == _DISK_FULL


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)


def enter_organisation(session: Session, organisation_id: UUID | None) -> None:
    """Tell row-level security whose rows this transaction may touch; it lasts until the transaction ends.

    The database's answer tells its time, too, to which this process's clock is held.
    """
    value = "" if organisation_id is None else str(organisation_id)
    asked = time.monotonic()
    told = session.execute(_ENTER, {"value": value, "silence": f"{SILENCE_S}s"}).scalar_one()
    clock.hold_to(told, asked, time.monotonic())
