"""Runs migrations as the owner role. A migration that cannot get its lock gives up, and the product goes on."""

import os

from alembic import context
from sqlalchemy import create_engine, text

from migrations.models import metadata, owned

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "120s"


def run() -> None:
    """Connect and run, one transaction a migration."""
    url = context.config.attributes.get("url") or os.environ["OWNER_DATABASE_URL"]
    engine = create_engine(url)
    with engine.connect() as connection:
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


run()
