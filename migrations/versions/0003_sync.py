"""Read positions, mentions, receipts; when a post was written; the memberships that the relay has not moved yet."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON read_positions, mentions TO hereabouts_web, hereabouts_worker;
-- Sync asks whose memberships are about to start (beyond it, the outbox can only be added to).
GRANT SELECT (organisation_id, person_id, type, subject_id) ON outbox TO hereabouts_web;
"""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("scopes", sa.Column("receipts_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("posts", sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbox_starting",
        "outbox",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("type = 'membership.started'"),
    )
    op.create_table(
        "read_positions",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_read_positions_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_read_positions_person_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.id"], name=op.f("fk_read_positions_scope_id")),
        sa.PrimaryKeyConstraint("person_id", "scope_id", name=op.f("pk_read_positions")),
    )
    op.create_index("ix_read_positions_scope", "read_positions", ["scope_id", "post_id"], unique=False)
    op.create_table(
        "mentions",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_mentions_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_mentions_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_mentions_post_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.id"], name=op.f("fk_mentions_scope_id")),
        sa.PrimaryKeyConstraint("post_id", "person_id", name=op.f("pk_mentions")),
    )
    op.create_index(
        "ix_mentions_unread",
        "mentions",
        ["person_id", "scope_id", sa.literal_column("post_id DESC")],
        unique=False,
    )
    for table in ("read_positions", "mentions"):
        op.execute(policy(table))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.execute("REVOKE SELECT (organisation_id, person_id, type, subject_id) ON outbox FROM hereabouts_web")
    op.drop_table("mentions")
    op.drop_table("read_positions")
    op.drop_index("ix_outbox_starting", table_name="outbox")
    op.drop_column("posts", "written_at")
    op.drop_column("scopes", "receipts_since")
