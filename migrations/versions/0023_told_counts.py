"""Numbers of persons are told once for each window of time, and a charter that promises less does so from tomorrow on."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0023"
down_revision = "0022"

_SECURITY = """
GRANT SELECT, INSERT ON told_counts TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON told_counts TO hereabouts_worker;
"""
_FORMER = {
    "loosened_at": sa.DateTime(timezone=True),
    "former_smallest_group": sa.Integer(),
    "former_aggregate_only": sa.Boolean(),
    "lengthened_at": sa.DateTime(timezone=True),
    "former_visit_days": sa.Integer(),
}


def upgrade() -> None:
    op.create_table(
        "told_counts",
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_told_counts_place_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_told_counts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("place_id", "at", name=op.f("pk_told_counts")),
    )
    op.execute(policy("told_counts"))
    op.execute(_SECURITY)
    for name, of_type in _FORMER.items():
        op.add_column("charters", sa.Column(name, of_type, nullable=True))


def downgrade() -> None:
    for name in _FORMER:
        op.drop_column("charters", name)
    op.drop_table("told_counts")
