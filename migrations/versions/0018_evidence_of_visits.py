"""What a visit that is over stood on is asked for, and goes with it: found by the visit, not by reading all evidence."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_index("ix_evidence_visit", "evidence", ["visit_id"])


def downgrade() -> None:
    op.drop_index("ix_evidence_visit", table_name="evidence")
