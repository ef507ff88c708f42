"""Which life of the journal positions belong to: they are given again after a restore, and phones have to notice."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0013"

_ROW = """
INSERT INTO journal_epoch (id) VALUES (gen_random_uuid());
ALTER TABLE journal_epoch ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON journal_epoch FOR SELECT USING (true);
GRANT SELECT ON journal_epoch TO hereabouts_web, hereabouts_worker;
"""


def upgrade() -> None:
    op.create_table(
        "journal_epoch",
        sa.Column("sole", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("sole", name=op.f("ck_journal_epoch_sole")),
        sa.PrimaryKeyConstraint("sole", name=op.f("pk_journal_epoch")),
    )
    op.execute(_ROW)


def downgrade() -> None:
    op.drop_table("journal_epoch")
