"""Second factors and their recovery codes, sign-ins that wait for a second step, and what an organisation asks of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0028"
down_revision = "0027"

_TABLES = ("totp_secrets", "recovery_codes", "sign_in_challenges", "sign_in_policies")
_SECURITY = f"""
GRANT SELECT, INSERT, UPDATE, DELETE ON {", ".join(_TABLES)} TO hereabouts_web, hereabouts_worker;

-- Whose sign-in waits for its second step: what names it is random and long, so that nobody asks after another's.
CREATE FUNCTION organisation_of_challenge(digest bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organisation_id FROM sign_in_challenges WHERE sign_in_challenges.digest = $1
$$;
REVOKE EXECUTE ON FUNCTION organisation_of_challenge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisation_of_challenge TO hereabouts_web, hereabouts_worker;
"""
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "totp_secrets",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("confirmed_at", _AT, nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.Column("pending_at", _AT, nullable=True),
        *_of_a_person("totp_secrets"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_totp_secrets")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        *_of_a_person("recovery_codes"),
        sa.PrimaryKeyConstraint("person_id", "code_digest", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "sign_in_challenges",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("enrols", sa.Boolean(), nullable=False),
        sa.Column("device", postgresql.JSONB(), nullable=False),
        sa.Column("factors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        *_of_a_person("sign_in_challenges"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_challenges")),
    )
    op.create_index("ix_sign_in_challenges_person_id", "sign_in_challenges", ["person_id"])
    op.create_index("ix_sign_in_challenges_expires_at", "sign_in_challenges", ["expires_at"])
    op.create_table(
        "sign_in_policies",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("networks", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_sign_in_policies_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_sign_in_policies")),
    )
    for table in _TABLES:
        op.execute(policy(table))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.execute("DROP FUNCTION organisation_of_challenge")
    for table in reversed(_TABLES):
        op.drop_table(table)


def _of_a_person(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f(f"fk_{table}_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f(f"fk_{table}_person_id")),
    )
