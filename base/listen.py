"""Waiting for PostgreSQL's NOTIFY. It is a wake-up only: every reader also looks by itself now and then."""

import select
import time

import psycopg2
from sqlalchemy import make_url

from base.database import CONNECT_ARGS
from base.logs import logger

log = logger(__name__)
_RECONNECT_S = 0.5


class Listener:
    """A connection of its own that listens on some channels; it reconnects by itself."""

    def __init__(self, url: str, *channels: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._channels = channels
        self._connection: psycopg2.extensions.connection | None = None

    def wait(self, timeout: float) -> set[str]:
        """The payloads of the notifications that came within `timeout` seconds; returns at the first ones.

        After a reconnect it returns at once: something may have been missed.
        """
        try:
            if self._connection is None:
                self._connect()
                return set()
            return self._collect(self._connection, timeout)
        except psycopg2.Error as error:
            log.warning("listener_lost", error=type(error).__name__)
            self.close()
            time.sleep(min(timeout, _RECONNECT_S))
            return set()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> None:
        connection = psycopg2.connect(self._dsn, **CONNECT_ARGS)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for channel in self._channels:
                cursor.execute(f"LISTEN {channel}")
        self._connection = connection

    @staticmethod
    def _collect(connection: "psycopg2.extensions.connection", timeout: float) -> set[str]:
        if not connection.notifies:
            select.select([connection], [], [], timeout)
            connection.poll()
        payloads = {notify.payload for notify in connection.notifies}
        connection.notifies.clear()
        return payloads
