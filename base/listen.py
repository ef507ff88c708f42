"""Waiting for PostgreSQL's NOTIFY. It is a wake-up only: every reader also looks by itself now and then."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import psycopg2
from psycopg2 import extras
from sqlalchemy import make_url

from base import waiting
from base.database import CONNECT_ARGS
from base.logs import logger

log = logger(__name__)
_ENTER = "SELECT set_config('app.organisation_id', %(entered)s, true)"
_RECONNECT_S = 0.5


class Listener:
    """A connection of its own that listens on some channels; it reconnects by itself."""

    def __init__(self, url: str, *channels: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._channels = channels
        self._connection: psycopg2.extensions.connection | None = None
        self._missed = False  # what was announced before this connection was there

    def wait(self, timeout: float) -> set[str]:
        """The payloads of the notifications that came within `timeout` seconds; returns at the first ones.

        After a reconnect, also one by `read`, it returns nothing, at once: something may have been missed.
        """
        try:
            connection = self._connection or self._connect()
            if self._missed:
                self._missed = False
                return set()
            return self._collect(connection, timeout)
        except psycopg2.Error as error:
            self._lost(error, min(timeout, _RECONNECT_S))
            return set()

    def read(self, organisation_id: UUID, query: str, values: Mapping[str, Any]) -> list[Any]:
        """The rows of a query inside an organisation's row-level security, on this connection, in one round trip.

        A reader that is woken for every event would spend more on a transaction's four round trips than on the event.
        Both statements go in one message, and PostgreSQL makes one transaction of it: so the organisation, set for
        the transaction, is forgotten with it. Raises psycopg2.Error; then `wait` reconnects and returns at once.
        """
        try:
            with (self._connection or self._connect()).cursor() as cursor:
                cursor.execute(f"{_ENTER}; {query}", {"entered": str(organisation_id), **values})
                return cursor.fetchall()
        except psycopg2.Error as error:
            self._lost(error, _RECONNECT_S)
            raise

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _lost(self, error: psycopg2.Error, pause: float) -> None:
        log.warning("listener_lost", error=type(error).__name__)
        self.close()
        time.sleep(pause)

    def _connect(self) -> psycopg2.extensions.connection:
        connection = psycopg2.connect(self._dsn, cursor_factory=extras.NamedTupleCursor, **CONNECT_ARGS)
        connection.autocommit = True
        extras.register_uuid(conn_or_curs=connection)
        extras.register_default_jsonb(connection, loads=orjson.loads)
        with connection.cursor() as cursor:
            for channel in self._channels:
                cursor.execute(f"LISTEN {channel}")
        self._connection, self._missed = connection, True
        return connection

    @staticmethod
    def _collect(connection: "psycopg2.extensions.connection", timeout: float) -> set[str]:
        if not connection.notifies:
            waiting.readable(connection.fileno(), timeout)
            connection.poll()
        payloads = {notify.payload for notify in connection.notifies}
        connection.notifies.clear()
        return payloads
