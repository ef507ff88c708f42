"""The version of each event's shape, and whom it is about, in columns.

The columns come at once. The index, and what the events of before are about, come in steps of their own, so that nobody
waits for more than one of them; what was done stays done when a step runs out of time, and all is tried again. The relay
stands still meanwhile (`docs/operations.md`): one of before would move new events without what they are about.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_STEP = 20_000  # events
_NAMED = "coalesce(payload ->> 'place_id', payload ->> 'scope_id')"
_OF_PRESENCE = (
    "split_part(type, '.', 1) IN ('visit', 'muster', 'membership')"
    " AND coalesce(payload ->> 'source', '') NOT IN ('assigned', 'joined')"
)
_COLUMNS = """
ALTER TABLE {table}
    ADD COLUMN IF NOT EXISTS version smallint NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS about_id uuid
"""
_FILL = f"UPDATE {{table}} SET about_id = ({_NAMED})::uuid WHERE about_id IS NULL AND {_OF_PRESENCE}"


def upgrade() -> None:
    for table in ("outbox", "journal"):
        op.execute(_COLUMNS.format(table=table))
    with op.get_context().autocommit_block():
        op.execute(_FILL.format(table="outbox"))
        _fill_journal()
        op.execute("DROP INDEX IF EXISTS ix_journal_about")
        op.create_index(
            "ix_journal_about",
            "journal",
            ["about_id", "occurred_at"],
            postgresql_where=sa.text("about_id IS NOT NULL"),
        )


def _fill_journal() -> None:
    ends = op.get_bind().execute(sa.text("SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM journal"))
    oldest, newest = ends.one()
    step = sa.text(f"{_FILL.format(table='journal')} AND seq > :after AND seq <= :until")
    for after in range(oldest - 1, newest, _STEP):
        op.get_bind().execute(step, {"after": after, "until": after + _STEP})


def downgrade() -> None:
    op.drop_index("ix_journal_about", table_name="journal")
    op.create_index(
        "ix_journal_about",
        "journal",
        [sa.text(_NAMED), "occurred_at"],
        postgresql_where=sa.text(_OF_PRESENCE),
    )
    for table in ("outbox", "journal"):
        op.drop_column(table, "about_id")
        op.drop_column(table, "version")
