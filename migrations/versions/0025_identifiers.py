"""People sign in with any of their identifiers; what an employer knows of them; leaving and returning."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0025"
down_revision = "0024"

# Until now everybody signed in with one address, but visitors from a gate, whose addresses were made up.
_FILL = """
INSERT INTO identifiers (id, organisation_id, person_id, kind, value, written, created_at, ended_at)
SELECT gen_random_uuid(), organisation_id, id, 'email', lower(email), email, created_at, ended_at
FROM persons WHERE email NOT LIKE '%@visitors.invalid';
UPDATE persons SET email = NULL WHERE email LIKE '%@visitors.invalid';
INSERT INTO employments (id, organisation_id, person_id, began_on, ended_on, reason)
SELECT gen_random_uuid(), organisation_id, id, (created_at AT TIME ZONE 'UTC')::date,
    (ended_at AT TIME ZONE 'UTC')::date, 'account_closed'
FROM persons WHERE ended_at IS NOT NULL AND role <> 'visitor';
"""
_LOOKING = """
DROP FUNCTION sign_in_candidate;
DROP FUNCTION reset_candidate;

-- Where an organisation's telephone numbers are of; nothing where it does not say, or is not there.
CREATE FUNCTION organisation_country(slug text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce((SELECT settings ->> 'country' FROM organisations WHERE organisations.slug = $1), '')
$$;

CREATE FUNCTION sign_in_candidate(slug text, identifier text)
RETURNS TABLE (organisation_id uuid, person_id uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, p.id, c.password_hash
    FROM organisations o JOIN identifiers i ON i.organisation_id = o.id AND i.value = $2 AND i.ended_at IS NULL
        JOIN persons p ON p.id = i.person_id LEFT JOIN credentials c ON c.person_id = p.id
    WHERE o.slug = $1 AND p.ended_at IS NULL
$$;

-- Whose code this is, if organisation, identifier and code are all right: one answer for all that is wrong.
CREATE FUNCTION reset_candidate(slug text, identifier text, digest bytea, at timestamptz)
RETURNS TABLE (organisation_id uuid, person_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, p.id
    FROM organisations o JOIN identifiers i ON i.organisation_id = o.id AND i.value = $2 AND i.ended_at IS NULL
        JOIN persons p ON p.id = i.person_id JOIN reset_codes r ON r.person_id = p.id
    WHERE o.slug = $1 AND p.ended_at IS NULL AND r.code_digest = $3 AND r.expires_at > $4
$$;
REVOKE EXECUTE ON FUNCTION organisation_country, sign_in_candidate, reset_candidate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisation_country, sign_in_candidate, reset_candidate
    TO hereabouts_web, hereabouts_worker;
GRANT SELECT, INSERT ON employments TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON employments TO hereabouts_worker;
"""
_AS_BEFORE = """
DROP FUNCTION organisation_country;
DROP FUNCTION sign_in_candidate;
DROP FUNCTION reset_candidate;

CREATE FUNCTION sign_in_candidate(slug text, email text)
RETURNS TABLE (organisation_id uuid, person_id uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, p.id, c.password_hash
    FROM organisations o JOIN persons p ON p.organisation_id = o.id JOIN credentials c ON c.person_id = p.id
    WHERE o.slug = $1 AND lower(p.email) = lower($2) AND p.ended_at IS NULL
$$;

CREATE FUNCTION reset_candidate(slug text, email text, digest bytea, at timestamptz)
RETURNS TABLE (organisation_id uuid, person_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, p.id
    FROM organisations o JOIN persons p ON p.organisation_id = o.id JOIN reset_codes r ON r.person_id = p.id
    WHERE o.slug = $1 AND lower(p.email) = lower($2) AND p.ended_at IS NULL
        AND r.code_digest = $3 AND r.expires_at > $4
$$;
REVOKE EXECUTE ON FUNCTION sign_in_candidate, reset_candidate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sign_in_candidate, reset_candidate TO hereabouts_web, hereabouts_worker;
"""
_OPEN = {"postgresql_where": sa.text("ended_at IS NULL")}
_COLUMNS = (
    ("given_name", sa.Text()),
    ("family_name", sa.Text()),
    ("title", sa.Text()),
    ("manager_id", sa.Uuid()),
    ("home_site_id", sa.Uuid()),
    ("employed_from", sa.Date()),
    ("employed_until", sa.Date()),
)


def upgrade() -> None:
    op.drop_index("uq_persons_email", "persons")
    op.alter_column("persons", "email", nullable=True)
    for name, kind in _COLUMNS:
        op.add_column("persons", sa.Column(name, kind, nullable=True))
    languages = sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    op.add_column("persons", languages)
    op.create_foreign_key(op.f("fk_persons_manager_id"), "persons", "persons", ["manager_id"], ["id"])
    op.create_foreign_key(op.f("fk_persons_home_site_id"), "persons", "scopes", ["home_site_id"], ["id"])
    op.create_check_constraint(op.f("ck_persons_employed"), "persons", "employed_from <= employed_until")
    op.create_index("ix_persons_employed_until", "persons", ["employed_until"], **_OPEN)
    op.create_table(
        "employments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('account_closed', 'employment_over')", name=op.f("ck_employments_reason")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_employments_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_employments_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employments")),
    )
    op.create_index("ix_employments_person", "employments", ["person_id"])
    op.execute(policy("employments"))
    op.execute(_LOOKING)
    op.execute(_FILL)


def downgrade() -> None:
    op.execute(_AS_BEFORE)
    op.drop_table("employments")
    for name in ("languages", *(name for name, _ in _COLUMNS)):
        op.drop_column("persons", name)
    op.execute("UPDATE persons SET email = id || '@visitors.invalid' WHERE email IS NULL")
    op.execute("DELETE FROM identifiers")
    op.alter_column("persons", "email", nullable=False)
    columns = ["organisation_id", sa.literal_column("lower(email)")]
    op.create_index("uq_persons_email", "persons", columns, unique=True, **_OPEN)
