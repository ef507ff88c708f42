"""Gates know installations and addresses, roll calls set aside, direct conversations can be left; keys keep no words.

Of the answers that are kept beside idempotency keys only the ids stay: they held whole posts and codes of invitations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0022"
down_revision = "0021"

_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON direct_departures TO hereabouts_web, hereabouts_worker;
GRANT UPDATE (in_burst, replaced_by) ON gate_accounts TO hereabouts_web;
"""
_INSTALLATIONS = """
UPDATE gate_accounts g SET installation_id = d.installation_id FROM devices d WHERE d.person_id = g.person_id
"""
_NO_WORDS = r"""
UPDATE idempotency_keys k SET body = (
    SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(k.body) m WHERE m.key = 'id' OR m.key LIKE '%\_id'
) WHERE jsonb_typeof(k.body) = 'object'
"""


def upgrade() -> None:
    op.add_column("gate_accounts", sa.Column("turn", sa.BigInteger(), nullable=True))
    op.add_column("gate_accounts", sa.Column("installation_id", sa.Text(), nullable=True))
    op.add_column("gate_accounts", sa.Column("address", postgresql.INET(), nullable=True))
    in_burst = sa.Column("in_burst", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    op.add_column("gate_accounts", in_burst)
    op.add_column("gate_accounts", sa.Column("replaced_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_gate_accounts_replaced_by"), "gate_accounts", "persons", ["replaced_by"], ["id"]
    )
    op.create_index("ix_gate_accounts_opened", "gate_accounts", ["organisation_id", "opened_at"])
    op.create_index("ix_gate_accounts_installation", "gate_accounts", ["organisation_id", "installation_id"])
    for column, indexed in (("replaced_by", "replaced_by"), ("address", "opened_at")):
        op.create_index(
            f"ix_gate_accounts_{column}",
            "gate_accounts",
            [indexed],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.execute(_INSTALLATIONS)
    op.add_column("muster_entries", sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("muster_entries", sa.Column("set_aside_by", sa.Uuid(), nullable=True))
    op.add_column("muster_entries", sa.Column("set_aside_reason", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_muster_entries_set_aside_by"), "muster_entries", "persons", ["set_aside_by"], ["id"]
    )
    op.add_column("scopes", sa.Column("opened_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_scopes_opened_by"), "scopes", "persons", ["opened_by"], ["id"])
    op.create_table(
        "direct_departures",
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("refused_id", sa.Uuid(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.id"], name=op.f("fk_direct_departures_scope_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_direct_departures_person_id")),
        sa.ForeignKeyConstraint(["refused_id"], ["persons.id"], name=op.f("fk_direct_departures_refused_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_direct_departures_organisation_id")
        ),
        sa.PrimaryKeyConstraint("scope_id", "person_id", name=op.f("pk_direct_departures")),
    )
    op.create_index("ix_direct_departures_person", "direct_departures", ["person_id", "refused_id"])
    op.execute(policy("direct_departures"))
    op.execute(_SECURITY)
    op.execute(_NO_WORDS)


def downgrade() -> None:
    op.drop_table("direct_departures")
    op.drop_column("scopes", "opened_by")
    for column in ("set_aside_reason", "set_aside_by", "set_aside_at"):
        op.drop_column("muster_entries", column)
    op.execute("REVOKE UPDATE (in_burst, replaced_by) ON gate_accounts FROM hereabouts_web")
    op.drop_index("ix_gate_accounts_opened", table_name="gate_accounts")
    for column in ("replaced_by", "in_burst", "address", "installation_id", "turn"):
        op.drop_column("gate_accounts", column)
