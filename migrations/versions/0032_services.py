"""Signing keys that take over from one another, and services: programs that may what their token was given."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0032"
down_revision = "0031"

_AT = sa.DateTime(timezone=True)
_KEYS = """
ALTER TABLE signing_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON signing_keys FOR SELECT USING (true);
GRANT SELECT ON signing_keys TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE ON signing_keys TO hereabouts_worker;
"""
_ROLES = "'member', 'visitor', 'organisation_administrator'"
# A token is looked up before its organisation is known. That it was used is written down once a minute, and by one of
# several who use it at once: nobody waits.
_SERVICES = """
GRANT SELECT, INSERT, UPDATE ON services TO hereabouts_web;
GRANT SELECT, UPDATE ON services TO hereabouts_worker;

CREATE FUNCTION service_of_token(digest bytea) RETURNS TABLE (organisation_id uuid, service_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH known AS (
        SELECT s.id, s.organisation_id FROM services s
        WHERE s.token_digest = $1 AND s.ended_at IS NULL AND s.expires_at > now()
    ), due AS (
        SELECT s.id FROM services s JOIN known ON known.id = s.id
        WHERE s.last_used_at IS NULL OR s.last_used_at <= now() - interval '1 minute'
        FOR UPDATE OF s SKIP LOCKED
    ), noted AS (
        UPDATE services SET last_used_at = now() FROM due WHERE services.id = due.id
    )
    SELECT known.organisation_id, known.id FROM known
$$;
REVOKE EXECUTE ON FUNCTION service_of_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION service_of_token TO hereabouts_web;
"""


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("made_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("signs_from", _AT, nullable=False),
        sa.Column("ends_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
    )
    op.execute(_KEYS)
    _set_roles(f"{_ROLES}, 'service'")
    op.create_table(
        "services",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("scope_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("last_used_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(["id"], ["persons.id"], name=op.f("fk_services_id")),
        sa.ForeignKeyConstraint(["created_by"], ["persons.id"], name=op.f("fk_services_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_services_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.create_index("uq_services_token_digest", "services", ["token_digest"], unique=True)
    op.create_index("ix_services_made", "services", ["organisation_id", "created_at", "id"])
    op.execute(policy("services"))
    op.execute(_SERVICES)


def downgrade() -> None:
    op.execute("DROP FUNCTION service_of_token")
    op.drop_table("services")
    op.execute(
        "UPDATE persons SET role = 'visitor', ended_at = coalesce(ended_at, now()) WHERE role = 'service'"
    )
    _set_roles(_ROLES)
    op.drop_table("signing_keys")


def _set_roles(roles: str) -> None:
    op.drop_constraint(op.f("ck_persons_role"), "persons")
    op.create_check_constraint(op.f("ck_persons_role"), "persons", f"role IN ({roles})")
