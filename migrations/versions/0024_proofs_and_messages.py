"""Sessions know by what they were opened and when their person last proved who they are; identifiers; messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0024"
down_revision = "0023"

_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON messages TO hereabouts_worker;
GRANT SELECT, INSERT ON messages TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON identifiers TO hereabouts_web, hereabouts_worker;
"""
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    factors = sa.Column("factors", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    op.add_column("sessions", factors)
    op.add_column("sessions", sa.Column("proven_at", _AT, nullable=True))
    op.execute("UPDATE sessions SET proven_at = created_at")
    op.alter_column("sessions", "proven_at", nullable=False, server_default=sa.text("now()"))
    op.add_column("sessions", sa.Column("address", postgresql.INET(), nullable=True))
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("channel IN ('mail', 'sms')", name=op.f("ck_messages_channel")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_messages_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_table(
        "identifiers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("verified_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('email', 'phone', 'employee_number', 'username')", name=op.f("ck_identifiers_kind")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_identifiers_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_identifiers_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifiers")),
    )
    op.create_index(
        "uq_identifiers_value",
        "identifiers",
        ["organisation_id", "value"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_identifiers_person", "identifiers", ["person_id"])
    op.create_index("ix_messages_due", "messages", ["due_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_messages_organisation", "messages", ["organisation_id", "created_at"])
    op.execute(policy("messages"))
    op.execute(policy("identifiers"))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.drop_table("identifiers")
    op.drop_table("messages")
    for column in ("address", "proven_at", "factors"):
        op.drop_column("sessions", column)
