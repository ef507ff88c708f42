"""Guesses are counted by account and by where they come from; counts of the last quarter of an hour are let go."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"

_SECURITY = "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO hereabouts_web, hereabouts_worker"


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "source", name=op.f("pk_guesses")),
    )
    op.execute(_SECURITY.format("guesses"))
    op.drop_table("sign_in_failures")


def downgrade() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.execute(_SECURITY.format("sign_in_failures"))
    op.drop_table("guesses")
