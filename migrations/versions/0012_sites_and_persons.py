"""Sites among many zones, and persons in the order of their making, come from an index and not by sorting them all."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ADMINISTRATES = "role = 'organisation_administrator' AND ended_at IS NULL"


def upgrade() -> None:
    op.create_index(
        "ix_places_sites",
        "places",
        ["organisation_id", "id"],
        postgresql_where=sa.text("kind = 'site' AND archived_at IS NULL"),
    )
    op.create_index("ix_persons_made", "persons", ["organisation_id", "created_at", "id"])
    op.create_index(
        "ix_persons_administrators",
        "persons",
        ["organisation_id"],
        postgresql_where=sa.text(_ADMINISTRATES),
    )


def downgrade() -> None:
    op.drop_index("ix_persons_administrators", "persons")
    op.drop_index("ix_persons_made", "persons")
    op.drop_index("ix_places_sites", "places")
