"""Invitations say who they are for, where they went, and what they give; people register by themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0027"
down_revision = "0026"

_AT = sa.DateTime(timezone=True)
_OF_INVITATIONS = ("revoked_at", "used", "person_id", "sent_to", "identifier", "name", "roles")
# Whoever is asked for, there is one row; of what is there only ids are told.
_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON registrations TO hereabouts_web, hereabouts_worker;
GRANT INSERT ON registration_requests TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON registration_requests TO hereabouts_worker;

CREATE FUNCTION registration_candidate(slug text, email text, installation_id text, at timestamptz)
RETURNS TABLE (organisation_id uuid, registration_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.organisation_id, r.id
    FROM (SELECT) AS one
    LEFT JOIN (
        registrations r JOIN organisations o ON o.id = r.organisation_id AND o.slug = $1
    ) ON r.email = $2 AND r.installation_id = $3 AND r.state = 'asked' AND r.code_digest IS NOT NULL
        AND r.expires_at > $4
    ORDER BY r.created_at DESC, r.id DESC LIMIT 1
$$;
REVOKE EXECUTE ON FUNCTION registration_candidate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registration_candidate TO hereabouts_web, hereabouts_worker;
"""


def upgrade() -> None:
    _widen_invitations()
    _create_requests()
    _create_registrations()
    op.create_index(
        "ix_identifiers_former",
        "identifiers",
        ["organisation_id", "value"],
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.execute(policy("registrations"))
    op.execute(_SECURITY)


def _widen_invitations() -> None:
    roles = sa.Column("roles", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("invitations", roles)
    for name in ("name", "identifier", "sent_to"):
        op.add_column("invitations", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("invitations", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_invitations_person_id"), "invitations", "persons", ["person_id"], ["id"])
    op.add_column("invitations", sa.Column("used", sa.Integer(), server_default="0", nullable=False))
    op.add_column("invitations", sa.Column("revoked_at", _AT, nullable=True))
    op.create_index("ix_invitations_made", "invitations", ["organisation_id", "created_at", "id"])
    for index, columns, column in (
        ("ix_invitations_sent", ["organisation_id", "sent_to"], "sent_to"),
        ("ix_invitations_person", ["person_id"], "person_id"),
    ):
        op.create_index(index, "invitations", columns, postgresql_where=sa.text(f"{column} IS NOT NULL"))


def _create_requests() -> None:
    op.create_table(
        "registration_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("asked_at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_requests")),
    )
    op.create_index("ix_registration_requests_asked_at", "registration_requests", ["asked_at"])


def _create_registrations() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("email", "mailbox", "name", "locale", "timezone", "installation_id")
        ),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", _AT, server_default=sa.text("now()"), nullable=False),
        *(sa.Column(name, _AT, nullable=True) for name in ("confirmed_at", "decided_at")),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("decided_by", "person_id")),
        sa.CheckConstraint(
            "state IN ('asked', 'awaiting', 'opened', 'approved', 'refused')",
            name=op.f("ck_registrations_state"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_registrations_{column}"))
            for column, of in (
                ("organisation_id", "organisations"),
                ("decided_by", "persons"),
                ("person_id", "persons"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
    )
    op.create_index("ix_registrations_mailbox", "registrations", ["organisation_id", "mailbox", "created_at"])
    op.create_index(
        "ix_registrations_email", "registrations", ["organisation_id", "email", "installation_id"]
    )
    op.create_index(
        "uq_registrations_awaiting",
        "registrations",
        ["organisation_id", "email"],
        unique=True,
        postgresql_where=sa.text("state = 'awaiting'"),
    )
    op.create_index(
        "ix_registrations_state", "registrations", ["organisation_id", "state", "created_at", "id"]
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION registration_candidate")
    op.drop_table("registrations")
    op.drop_table("registration_requests")
    op.drop_index("ix_identifiers_former", "identifiers")
    op.drop_index("ix_invitations_made", "invitations")
    op.drop_index("ix_invitations_sent", "invitations")
    op.drop_index("ix_invitations_person", "invitations")
    for column in _OF_INVITATIONS:
        op.drop_column("invitations", column)
