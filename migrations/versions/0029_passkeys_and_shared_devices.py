"""Passkeys, and the challenges that were used."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0029"
down_revision = "0024"

_AT = sa.DateTime(timezone=True)
_SECURITY = """
-- Whose account a passkey is of, before anybody is signed in: authenticators name it, and no person.
CREATE FUNCTION organisation_of_passkey(credential_id bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organisation_id FROM passkeys WHERE passkeys.credential_id = $1
$$;
REVOKE EXECUTE ON FUNCTION organisation_of_passkey FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisation_of_passkey TO hereabouts_web, hereabouts_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON passkeys TO hereabouts_web, hereabouts_worker;
GRANT SELECT, INSERT ON used_challenges TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON used_challenges TO hereabouts_worker;
"""


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", _AT, nullable=True),
        sa.Column("held_at", _AT, nullable=True),
        *_keys("passkeys", "person_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
    )
    op.create_index("uq_passkeys_credential", "passkeys", ["credential_id"], unique=True)
    op.create_index("ix_passkeys_person", "passkeys", ["person_id"])
    op.create_table(
        "used_challenges",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_challenges")),
    )
    op.create_index(op.f("ix_used_challenges_expires_at"), "used_challenges", ["expires_at"])
    op.execute(policy("passkeys"))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.execute("DROP FUNCTION organisation_of_passkey")
    op.drop_table("used_challenges")
    op.drop_table("passkeys")


def _keys(table: str, *persons: str) -> list[sa.ForeignKeyConstraint]:
    """The organisation, and the persons that a row names."""
    to = {"organisation_id": "organisations.id"} | dict.fromkeys(persons, "persons.id")
    return [
        sa.ForeignKeyConstraint([column], [there], name=op.f(f"fk_{table}_{column}")) for column, there in to.items()
    ]
