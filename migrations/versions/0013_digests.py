"""A digest is for a moment and not for a day: days differ where people cross the date line, and while a worker sleeps."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_MOMENT = """
    UPDATE push_preferences wish
    SET digested_for = (wish.digested_on::date + wish.digest_at::time) AT TIME ZONE person.timezone
    FROM persons person JOIN pg_timezone_names zone ON zone.name = person.timezone
    WHERE person.id = wish.person_id AND wish.digested_on IS NOT NULL
"""
_DAY = """
    UPDATE push_preferences wish
    SET digested_on = to_char(wish.digested_for AT TIME ZONE person.timezone, 'YYYY-MM-DD')
    FROM persons person JOIN pg_timezone_names zone ON zone.name = person.timezone
    WHERE person.id = wish.person_id
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column(
        "push_preferences", sa.Column("digested_for", moment, server_default=sa.func.now(), nullable=False)
    )
    op.execute(_MOMENT)
    op.drop_column("push_preferences", "digested_on")


def downgrade() -> None:
    op.add_column("push_preferences", sa.Column("digested_on", sa.Text(), nullable=True))
    op.execute(_DAY)
    op.drop_column("push_preferences", "digested_for")
