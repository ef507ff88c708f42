"""Of failures at an account administrators see whose it is, at which door, from where."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

_INDEX = "ix_sign_in_failures_person"


def upgrade() -> None:
    op.add_column("sign_in_failures", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.add_column("sign_in_failures", sa.Column("door", sa.Text(), nullable=True))
    op.add_column("sign_in_failures", sa.Column("reach", sa.Text(), nullable=True))
    op.add_column("sign_in_failures", sa.Column("most", sa.Integer(), nullable=True))
    op.create_index(
        _INDEX, "sign_in_failures", ["person_id"], postgresql_where=sa.text("person_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index(_INDEX, "sign_in_failures")
    for column in ("most", "reach", "door", "person_id"):
        op.drop_column("sign_in_failures", column)
