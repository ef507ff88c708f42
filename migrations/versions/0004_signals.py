"""Who shows others whether they are online, and when they were last seen."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("persons", sa.Column("last_seen", sa.Text(), server_default="nobody", nullable=False))
    op.create_check_constraint("last_seen", "persons", "last_seen IN ('nobody', 'colleagues')")
    op.create_table(
        "last_seen",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_last_seen_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_last_seen_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_last_seen")),
    )
    op.execute(policy("last_seen"))
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON last_seen TO hereabouts_web, hereabouts_worker")


def downgrade() -> None:
    op.drop_table("last_seen")
    op.drop_constraint("last_seen", "persons", type_="check")
    op.drop_column("persons", "last_seen")
