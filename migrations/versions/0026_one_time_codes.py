"""Codes of six digits, those who ask for one, and the queue of messages in the order of their urgency."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0026"
down_revision = "0025"

_AT = sa.DateTime(timezone=True)
# Whoever asks is noted by the web, and read by the worker alone.
_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON one_time_codes TO hereabouts_web, hereabouts_worker;
GRANT INSERT ON asked_codes TO hereabouts_web;
GRANT SELECT, UPDATE, DELETE ON asked_codes TO hereabouts_worker;
"""
_WAITING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "one_time_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("identifier_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("bound_to", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["identifier_id"], ["identifiers.id"], name=op.f("fk_one_time_codes_identifier_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_one_time_codes_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_one_time_codes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_codes")),
    )
    op.create_index(op.f("ix_one_time_codes_person_id"), "one_time_codes", ["person_id"])
    op.create_index(
        "uq_one_time_codes_live",
        "one_time_codes",
        ["person_id", "purpose", "bound_to"],
        unique=True,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "asked_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_codes")),
    )
    op.drop_index("ix_messages_due", "messages")
    op.create_index("ix_messages_waiting", "messages", ["channel", "expires_at"], postgresql_where=_WAITING)
    op.execute(policy("one_time_codes"))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.drop_index("ix_messages_waiting", "messages")
    op.create_index("ix_messages_due", "messages", ["due_at"], postgresql_where=_WAITING)
    op.drop_table("asked_codes")
    op.drop_table("one_time_codes")
