"""Push reads from now on, not from when its first worker starts.

A new reader begins at the journal's end as it finds it. On a new installation the relay may have moved events by then,
and nobody would be woken for them.
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        "INSERT INTO journal_cursors (reader, seq) SELECT 'push', coalesce(max(seq), 0) FROM journal"
        " ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    """The cursor stays: without it, push would begin at the journal's end."""
