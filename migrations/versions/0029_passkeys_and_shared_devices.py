"""Passkeys and the challenges that were used; shared devices, PINs and badges."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0029"
down_revision = "0028"

_AT = sa.DateTime(timezone=True)
_SECURITY = """
-- Whose account a passkey is of, before anybody is signed in: authenticators name it, and no person.
CREATE FUNCTION organisation_of_passkey(credential_id bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organisation_id FROM passkeys WHERE passkeys.credential_id = $1
$$;
-- Whose shared device has this code, or this secret: tablets are nobody's, and say which they are by it.
CREATE FUNCTION organisation_of_shared_device(digest bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organisation_id FROM shared_devices WHERE secret_digest = $1
    UNION ALL SELECT organisation_id FROM shared_devices WHERE code_digest = $1
    LIMIT 1
$$;
REVOKE EXECUTE ON FUNCTION organisation_of_passkey, organisation_of_shared_device FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisation_of_passkey, organisation_of_shared_device TO hereabouts_web, hereabouts_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON shared_devices, pins, badges TO hereabouts_web, hereabouts_worker;
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
    _create_shared_devices()
    for table in ("passkeys", "shared_devices", "pins", "badges"):
        op.execute(policy(table))
    op.execute(_SECURITY)


def _create_shared_devices() -> None:
    op.add_column("sessions", sa.Column("pause_seconds", sa.Integer(), nullable=True))
    op.create_index(
        "ix_sessions_on_shared_devices",
        "sessions",
        ["expires_at"],
        postgresql_where=sa.text("ended_at IS NULL AND pause_seconds IS NOT NULL"),
    )
    op.create_table(
        "shared_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pause_seconds", sa.Integer(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", _AT, nullable=True),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=True),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.Column("enrolled_at", _AT, nullable=True),
        sa.Column("last_used_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.CheckConstraint("pause_seconds BETWEEN 15 AND 900", name=op.f("ck_shared_devices_pause")),
        sa.ForeignKeyConstraint(["site_id"], ["scopes.id"], name=op.f("fk_shared_devices_site_id")),
        *_keys("shared_devices", "created_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_devices")),
    )
    op.create_index("uq_shared_devices_code", "shared_devices", ["code_digest"], unique=True)
    op.create_index("uq_shared_devices_secret", "shared_devices", ["secret_digest"], unique=True)
    op.create_index(
        "ix_shared_devices_live",
        "shared_devices",
        ["organisation_id", "created_at", "id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "pins",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("set_at", _AT, server_default=sa.text("now()"), nullable=False),
        *_keys("pins", "person_id"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_pins")),
    )
    op.create_table(
        "badges",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", _AT, server_default=sa.text("now()"), nullable=False),
        *_keys("badges", "person_id"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_badges")),
    )
    op.create_index("uq_badges_digest", "badges", ["organisation_id", "digest"], unique=True)


def downgrade() -> None:
    op.execute("DROP FUNCTION organisation_of_passkey, organisation_of_shared_device")
    op.drop_index("ix_sessions_on_shared_devices", "sessions")
    op.drop_column("sessions", "pause_seconds")
    for table in ("badges", "pins", "shared_devices", "used_challenges"):
        op.drop_table(table)
    op.drop_table("passkeys")


def _keys(table: str, *persons: str) -> list[sa.ForeignKeyConstraint]:
    """The organisation, and the persons that a row names."""
    to = {"organisation_id": "organisations.id"} | dict.fromkeys(persons, "persons.id")
    return [
        sa.ForeignKeyConstraint([column], [there], name=op.f(f"fk_{table}_{column}"))
        for column, there in to.items()
    ]
