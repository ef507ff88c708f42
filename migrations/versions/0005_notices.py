"""Announcements, alerts and acknowledgements."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

_OPEN = "ended_at IS NULL AND deleted_at IS NULL"
_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON acknowledgements TO hereabouts_web, hereabouts_worker;
"""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("posts", sa.Column("kind", sa.Text(), server_default="post", nullable=False))
    op.add_column(
        "posts", sa.Column("asks_acknowledgement", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("posts", sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("posts", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("posts", sa.Column("reminders", sa.Integer(), server_default="0", nullable=False))
    op.add_column("posts", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_posts_kind"), "posts", "kind IN ('post', 'announcement', 'alert')")
    op.create_index(
        "ix_posts_open_notices",
        "posts",
        ["scope_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_include=["organisation_id"],
        postgresql_where=sa.text(f"kind <> 'post' AND {_OPEN}"),
    )
    op.create_index(
        "ix_posts_valid_until",
        "posts",
        ["valid_until"],
        unique=False,
        postgresql_where=sa.text(f"valid_until IS NOT NULL AND {_OPEN}"),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_acknowledgements_device_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_acknowledgements_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_acknowledgements_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_acknowledgements_post_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.id"], name=op.f("fk_acknowledgements_scope_id")),
        sa.PrimaryKeyConstraint("post_id", "person_id", name=op.f("pk_acknowledgements")),
    )
    op.execute(policy("acknowledgements"))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.drop_table("acknowledgements")
    op.drop_index("ix_posts_valid_until", table_name="posts")
    op.drop_index("ix_posts_open_notices", table_name="posts")
    op.drop_constraint(op.f("ck_posts_kind"), "posts")
    for column in ("reminded_at", "reminders", "ended_at", "valid_until", "asks_acknowledgement", "kind"):
        op.drop_column("posts", column)
