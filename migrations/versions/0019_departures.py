"""That somebody left a place is remembered for a day, so that an older word of coming in does not bring them back."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0019"
down_revision = "0018"

_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON departures TO hereabouts_web, hereabouts_worker;
"""
_TIES = ("organisation", "person", "place", "device")


def upgrade() -> None:
    op.create_table(
        "departures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{tie}_id"], [f"{tie}s.id"], name=op.f(f"fk_departures_{tie}_id"))
            for tie in _TIES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
    )
    op.create_index(
        "uq_departures",
        "departures",
        ["person_id", "place_id", "device_id", "source"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_departures_left_at", "departures", ["left_at"])
    op.execute(policy("departures"))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.drop_table("departures")
