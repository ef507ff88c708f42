"""The audit log: entries to search, and events of it in the chain that reach nobody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0031"
down_revision = "0030"

# Written once: the web's role neither changes nor deletes what it wrote, and the worker's only deletes.
_SECURITY = """
GRANT SELECT, INSERT ON audit_entries TO hereabouts_web;
GRANT SELECT, INSERT, DELETE ON audit_entries TO hereabouts_worker;

CREATE FUNCTION audited_organisation(slug text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM organisations WHERE organisations.slug = $1
$$;
REVOKE EXECUTE ON FUNCTION audited_organisation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audited_organisation TO hereabouts_web, hereabouts_worker;
"""
_AT = sa.DateTime(timezone=True)
_NEWEST_FIRST = [sa.text("at DESC"), sa.text("id DESC")]
_SEARCHED = {
    "at": (["organisation_id"], None),
    "action": (["organisation_id", "action"], None),
    "person": (["organisation_id", "person_id"], "person_id IS NOT NULL"),
    "actor": (["organisation_id", "actor_id"], "actor_id IS NOT NULL"),
    "subject": (["organisation_id", "subject_id"], "subject_id IS NOT NULL"),
    "result": (["organisation_id"], "result = 'refused'"),
}
_AUDIENCES = "num_nonnulls(scope_id, person_id) = CASE type WHEN 'audit.recorded' THEN 0 ELSE 1 END"


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("result IN ('done', 'refused')", name=op.f("ck_audit_entries_result")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    for name, (columns, where) in _SEARCHED.items():
        op.create_index(
            f"ix_audit_entries_{name}",
            "audit_entries",
            [*columns, *_NEWEST_FIRST],
            postgresql_where=None if where is None else sa.text(where),
        )
    op.execute(policy("audit_entries"))
    op.execute(_SECURITY)
    for table in ("outbox", "journal"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_one_audience")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_one_audience CHECK ({_AUDIENCES})")
    op.create_index(
        "ix_journal_audit",
        "journal",
        ["organisation_id", "position"],
        postgresql_where=sa.text("type = 'audit.recorded'"),
    )


def downgrade() -> None:
    op.drop_index("ix_journal_audit", table_name="journal")
    for table in ("outbox", "journal"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_one_audience")
        # What reaches nobody stays in the chain.
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_one_audience"
            " CHECK (num_nonnulls(scope_id, person_id) = 1) NOT VALID"
        )
    op.execute("DROP FUNCTION audited_organisation")
    op.drop_table("audit_entries")
