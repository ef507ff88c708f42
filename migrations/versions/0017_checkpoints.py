"""Where the chain begins after old months were dropped; the place of roll calls whose updates did not name it.

The column comes before the rows, which are looked through in steps of their own: what was done stays done.
"""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0017"
down_revision = "0016"

_STEP = 20_000  # events
_PLACES = sa.text(
    """
    UPDATE journal SET about_id = musters.place_id FROM musters
    WHERE musters.id = journal.subject_id AND journal.type = 'muster.updated' AND journal.about_id IS NULL
        AND journal.payload IS NOT NULL AND journal.seq > :after AND journal.seq <= :until
    """
)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "journal_checkpoints",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("dropped_before", moment, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "position", name=op.f("pk_journal_checkpoints")),
    )
    op.execute(policy("journal_checkpoints"))
    op.execute("GRANT SELECT, UPDATE ON journal_checkpoints TO hereabouts_worker")
    with op.get_context().autocommit_block():
        _name_places()


def _name_places() -> None:
    ends = op.get_bind().execute(sa.text("SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM journal"))
    oldest, newest = ends.one()
    for after in range(oldest - 1, newest, _STEP):
        op.get_bind().execute(_PLACES, {"after": after, "until": after + _STEP})


def downgrade() -> None:
    op.drop_table("journal_checkpoints")
