"""Codes for a new password, and addresses that closed accounts have given up."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0015"
down_revision = "0014"

_CANDIDATE = """
-- Whose code this is, if organisation, address and code are all right: one answer for all that is wrong.
CREATE FUNCTION reset_candidate(slug text, email text, digest bytea, at timestamptz)
RETURNS TABLE (organisation_id uuid, person_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, p.id
    FROM organisations o JOIN persons p ON p.organisation_id = o.id JOIN reset_codes r ON r.person_id = p.id
    WHERE o.slug = $1 AND lower(p.email) = lower($2) AND p.ended_at IS NULL
        AND r.code_digest = $3 AND r.expires_at > $4
$$;
REVOKE EXECUTE ON FUNCTION reset_candidate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reset_candidate TO hereabouts_web, hereabouts_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON reset_codes TO hereabouts_web, hereabouts_worker;
"""
_NOBODY_SIGNS_IN = "DELETE FROM credentials USING persons WHERE id = person_id AND ended_at IS NOT NULL"
# Before, an address belonged to one account for ever: of those that share one, the open or newest account keeps it.
_ONE_EACH = """
UPDATE persons SET email = id || '@closed.invalid'
WHERE ended_at IS NOT NULL AND EXISTS (
    SELECT FROM persons other
    WHERE other.organisation_id = persons.organisation_id AND lower(other.email) = lower(persons.email)
        AND (other.ended_at IS NULL OR other.id > persons.id) AND other.id <> persons.id
)
"""


def upgrade() -> None:
    op.create_table(
        "reset_codes",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["persons.id"], name=op.f("fk_reset_codes_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_reset_codes_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_reset_codes_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_reset_codes")),
    )
    op.execute(policy("reset_codes"))
    op.execute(_CANDIDATE)
    op.execute(_NOBODY_SIGNS_IN)
    op.drop_index("uq_persons_email", "persons")
    _create_index(postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    op.execute(_ONE_EACH)
    op.drop_index("uq_persons_email", "persons")
    _create_index()
    op.execute("DROP FUNCTION reset_candidate")
    op.drop_table("reset_codes")


def _create_index(**where: sa.TextClause) -> None:
    columns = ["organisation_id", sa.literal_column("lower(email)")]
    op.create_index("uq_persons_email", "persons", columns, unique=True, **where)
