"""The epoch of the journal: which life of it positions are of.

A database that is restored from a backup, or a replica that takes over without the last transactions, gives positions
again that phones have already, to other events. Nothing in a position tells. So whoever brings a database back begins
another epoch, and every position is given out and taken back together with its epoch.
"""

from uuid import UUID

from sqlalchemy import Connection, text

_BEGIN = text("UPDATE journal_epoch SET id = gen_random_uuid(), began_at = now() RETURNING id")


def begin_epoch(connection: Connection) -> UUID:
    """Begin another epoch, and return it; for the role that owns the tables. Every phone will start over."""
    return connection.execute(_BEGIN).scalar_one()
