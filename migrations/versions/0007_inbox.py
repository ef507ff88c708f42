"""What people find again in the app's list: who mentioned them, who answered them; and what they wanted last time."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_memberships_last", "memberships", ["person_id", "scope_id", "started_at"])
    op.create_index("ix_mentions_inbox", "mentions", ["person_id", sa.literal_column("post_id DESC")])
    op.add_column("posts", sa.Column("replied_to", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE posts SET replied_to = parent.author_id FROM posts parent"
        " WHERE parent.id = posts.parent_id AND parent.author_id <> posts.author_id"
    )
    op.create_foreign_key(op.f("fk_posts_replied_to"), "posts", "persons", ["replied_to"], ["id"])
    op.create_index(
        "ix_posts_replied_to",
        "posts",
        ["replied_to", sa.literal_column("id DESC")],
        postgresql_where=sa.text("replied_to IS NOT NULL"),
    )
    op.create_index(
        "ix_posts_notices",
        "posts",
        ["scope_id", sa.literal_column("id DESC")],
        postgresql_include=["organisation_id"],
        postgresql_where=sa.text("kind <> 'post'"),
    )


def downgrade() -> None:
    op.drop_index("ix_posts_notices", "posts")
    op.drop_index("ix_posts_replied_to", "posts")
    op.drop_constraint(op.f("fk_posts_replied_to"), "posts")
    op.drop_column("posts", "replied_to")
    op.drop_index("ix_mentions_inbox", "mentions")
    op.drop_index("ix_memberships_last", "memberships")
