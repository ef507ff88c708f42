"""Roles are made of permissions and given: for the organisation or a scope, until a day; and by whom, is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0030"
down_revision = "0027"

_AT = sa.DateTime(timezone=True)
_LIVE = sa.text("ended_at IS NULL")
_ENDING = sa.text("ended_at IS NULL AND ends_at IS NOT NULL")
_SECURITY = """
GRANT SELECT, INSERT, UPDATE ON custom_roles, role_grants TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON custom_roles, role_grants TO hereabouts_worker;
"""


def upgrade() -> None:
    op.create_table(
        "custom_roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_custom_roles_organisation_id")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["persons.id"], name=op.f("fk_custom_roles_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_roles")),
    )
    op.create_index(
        "uq_custom_roles_name",
        "custom_roles",
        ["organisation_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=_LIVE,
    )
    op.create_table(
        "role_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("custom_role_id", sa.Uuid(), nullable=True),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("ends_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("num_nonnulls(role, custom_role_id) = 1", name=op.f("ck_role_grants_one_role")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_role_grants_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_role_grants_person_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.id"], name=op.f("fk_role_grants_scope_id")),
        sa.ForeignKeyConstraint(
            ["custom_role_id"], ["custom_roles.id"], name=op.f("fk_role_grants_custom_role_id")
        ),
        sa.ForeignKeyConstraint(["given_by"], ["persons.id"], name=op.f("fk_role_grants_given_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["persons.id"], name=op.f("fk_role_grants_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    op.create_index(
        "uq_role_grants_live",
        "role_grants",
        ["person_id", "scope_id", sa.text("coalesce(role, custom_role_id::text)")],
        unique=True,
        postgresql_where=_LIVE,
    )
    op.create_index("ix_role_grants_live", "role_grants", ["organisation_id", "id"], postgresql_where=_LIVE)
    op.create_index("ix_role_grants_by_scope", "role_grants", ["scope_id"], postgresql_where=_LIVE)
    op.create_index("ix_role_grants_ends_at", "role_grants", ["ends_at"], postgresql_where=_ENDING)
    for table in ("persons", "memberships"):
        op.add_column(table, sa.Column("role_ends_at", _AT, nullable=True))
        op.add_column(table, sa.Column("role_given_by", sa.Uuid(), nullable=True))
        name = op.f(f"fk_{table}_role_given_by")
        op.create_foreign_key(name, table, "persons", ["role_given_by"], ["id"])
        op.create_index(
            f"ix_{table}_role_ends_at",
            table,
            ["role_ends_at"],
            postgresql_where=sa.text("ended_at IS NULL AND role_ends_at IS NOT NULL"),
        )
    op.create_index(
        "ix_memberships_managers",
        "memberships",
        ["organisation_id", "id"],
        postgresql_where=sa.text("role = 'manager' AND ended_at IS NULL"),
    )
    op.execute(policy("custom_roles"))
    op.execute(policy("role_grants"))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.drop_index("ix_memberships_managers", "memberships")
    for table in ("persons", "memberships"):
        op.drop_index(f"ix_{table}_role_ends_at", table)
        op.drop_column(table, "role_given_by")
        op.drop_column(table, "role_ends_at")
    op.drop_table("role_grants")
    op.drop_table("custom_roles")
