"""Runs migrations as the owner role. A migration that cannot get its lock gives up, and the product goes on."""

import os
import sys

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from base.settings import owner_url_or_exit
from migrations.models import metadata, owned

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "120s"


def run() -> None:
    """Connect and run, one transaction a migration."""
    url = context.config.attributes.get("url") or owner_url_or_exit(os.environ)
    engine = create_engine(url)
    with _connected(engine) as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=owned,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        sys.exit(f"The database does not answer: {str(error.orig).splitlines()[0]}")


run()
