"""A boundary is kept as it is sent, too: whole, simplified for phones, with its corners counted and its circle.

All may be missing: what was drawn before, or by a process of the release before, gets them when it is first read
(`geo/lookup/outlines.py`). So nothing is rewritten here, and nobody waits.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_COLUMNS = ("whole", "simple", "simplified_m", "corners", "circle")


def upgrade() -> None:
    op.add_column("boundary_versions", sa.Column("whole", sa.Text(), nullable=True))
    op.add_column("boundary_versions", sa.Column("simple", sa.Text(), nullable=True))
    op.add_column("boundary_versions", sa.Column("simplified_m", sa.Float(), nullable=True))
    op.add_column("boundary_versions", sa.Column("corners", sa.Integer(), nullable=True))
    op.add_column("boundary_versions", sa.Column("circle", sa.ARRAY(sa.Float()), nullable=True))


def downgrade() -> None:
    for column in reversed(_COLUMNS):
        op.drop_column("boundary_versions", column)
