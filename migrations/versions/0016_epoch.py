"""Which life of the journal positions belong to: they are given again after a restore, and phones have to notice.

And a month's partition is attached, and not made in its place: that waits for nobody who reads, so a backup of hours
does not hold up the relay on the first of a month, nor everybody else behind the relay.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_ROW = """
INSERT INTO journal_epoch (id) VALUES (gen_random_uuid());
ALTER TABLE journal_epoch ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON journal_epoch FOR SELECT USING (true);
GRANT SELECT ON journal_epoch TO hereabouts_web, hereabouts_worker;
"""

_MONTHS = """
CREATE OR REPLACE FUNCTION ensure_journal_partitions() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month timestamptz := date_trunc('month', now(), 'UTC');
    name text;
BEGIN
    FOR i IN 0..1 LOOP
        name := 'journal_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
        {}
        month := month + interval '1 month';
    END LOOP;
END
$$;
"""
_ATTACHED = """IF to_regclass(quote_ident(name)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE journal INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
            EXECUTE format(
                'ALTER TABLE journal ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                name, month, month + interval '1 month'
            );
        END IF;"""
_MADE_IN_PLACE = """EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF journal FOR VALUES FROM (%L) TO (%L)',
            name, month, month + interval '1 month'
        );"""


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
    op.execute(_MONTHS.format(_ATTACHED))


def downgrade() -> None:
    op.execute(_MONTHS.format(_MADE_IN_PLACE))
    op.drop_table("journal_epoch")
