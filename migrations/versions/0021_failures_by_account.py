"""Failures are counted in several buckets of an account, which are emptied together."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_INDEX = "ix_sign_in_failures_account"


def upgrade() -> None:
    op.add_column("sign_in_failures", sa.Column("account", sa.LargeBinary(), nullable=True))
    op.create_index(op.f(_INDEX), "sign_in_failures", ["account"])


def downgrade() -> None:
    op.drop_index(op.f(_INDEX), "sign_in_failures")
    op.drop_column("sign_in_failures", "account")
