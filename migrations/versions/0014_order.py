"""What was said, who came and what was read stand in the journal's order; events are numbered as they are committed."""

import sqlalchemy as sa
from alembic import op

from migrations.row_level_security import policy

revision = "0014"
down_revision = "0013"

# A number that is drawn when a row is written says nothing of when others see it; one drawn at the end nearly does.
_AT_COMMIT = """
CREATE FUNCTION number_event_at_commit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE outbox SET id = DEFAULT WHERE id = NEW.id;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION number_event_at_commit FROM PUBLIC;
CREATE CONSTRAINT TRIGGER number_at_commit AFTER INSERT ON outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_event_at_commit();

-- Whether the relay moves concerns everybody, and tells nobody anything of anybody.
CREATE FUNCTION oldest_event_waiting() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT event_id FROM outbox ORDER BY id LIMIT 1
$$;
REVOKE EXECUTE ON FUNCTION oldest_event_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oldest_event_waiting TO hereabouts_web, hereabouts_worker;
"""
# Up to which position somebody has read: as long as the journal has not told of the post, all that it has told of.
_VIEW = """
CREATE VIEW reads WITH (security_invoker = true) AS
SELECT r.*, greatest(r.position, coalesce(
    (SELECT s.position FROM subject_positions s WHERE s.subject_id = r.post_id), 9223372036854775807)) AS read_to
FROM read_positions r;
"""
_GRANTS = """
GRANT SELECT ON reads TO hereabouts_web, hereabouts_worker;
GRANT SELECT (scope_id) ON outbox TO hereabouts_web;
GRANT SELECT ON subject_positions, naming_positions TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON subject_positions, naming_positions TO hereabouts_worker;
"""
_FILL = """
INSERT INTO subject_positions (subject_id, organisation_id, scope_id, position)
SELECT DISTINCT ON (subject_id) subject_id, organisation_id, scope_id, position FROM journal
WHERE type IN ('post.created', 'membership.started') ORDER BY subject_id, position;

INSERT INTO naming_positions (subject_id, person_id, organisation_id, scope_id, position)
SELECT DISTINCT ON (j.subject_id, named.id) j.subject_id, named.id, j.organisation_id, j.scope_id, j.position
FROM journal j
CROSS JOIN LATERAL jsonb_path_query(j.payload -> 'mentions', '$[*].id ? (@ like_regex "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")') AS mention
CROSS JOIN LATERAL (SELECT (mention #>> '{}')::uuid AS id) AS named
WHERE j.type IN ('post.created', 'post.updated') ORDER BY j.subject_id, named.id, j.position;

-- What is older than the journal that is kept stands before all of it.
INSERT INTO subject_positions (subject_id, organisation_id, scope_id, position)
SELECT id, organisation_id, scope_id, 0 FROM posts
WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.subject_id = posts.id AND o.type = 'post.created')
ON CONFLICT DO NOTHING;
INSERT INTO naming_positions (subject_id, person_id, organisation_id, scope_id, position)
SELECT m.post_id, m.person_id, m.organisation_id, m.scope_id, s.position
FROM mentions m JOIN subject_positions s ON s.subject_id = m.post_id
ON CONFLICT DO NOTHING;
INSERT INTO subject_positions (subject_id, organisation_id, position)
SELECT m.id, m.organisation_id, greatest(1, oldest.position - 1)
FROM memberships m
CROSS JOIN LATERAL (
    SELECT coalesce(min(j.position), 1) AS position FROM journal j WHERE j.organisation_id = m.organisation_id
) AS oldest
WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.subject_id = m.id AND o.type = 'membership.started')
ON CONFLICT DO NOTHING;

UPDATE persons SET joined_position = said.position
FROM (
    SELECT p.id, before.position FROM persons p
    CROSS JOIN LATERAL (
        SELECT s.position FROM posts JOIN subject_positions s ON s.subject_id = posts.id
        WHERE posts.scope_id = p.organisation_id AND posts.created_at <= p.created_at
        ORDER BY posts.id DESC LIMIT 1
    ) AS before
) AS said
WHERE said.id = persons.id;
UPDATE journal_heads SET placed = position;
"""


def upgrade() -> None:
    op.create_table(
        "subject_positions",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_subject_positions")),
    )
    op.create_table(
        "naming_positions",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "person_id", name=op.f("pk_naming_positions")),
    )
    _add_columns()
    op.execute("LOCK TABLE journal, outbox, posts, memberships, mentions IN SHARE MODE")
    op.execute(_FILL)
    _index()
    for table in ("subject_positions", "naming_positions"):
        op.execute(policy(table))
    op.execute(_VIEW + _GRANTS + _AT_COMMIT)
    op.drop_index("ix_outbox_starting", "outbox")
    op.create_index(
        "ix_outbox_said",
        "outbox",
        ["scope_id", "subject_id"],
        postgresql_where=sa.text("type = 'post.created'"),
    )


def _add_columns() -> None:
    for table, column in (
        ("journal_heads", "placed"),
        ("persons", "joined_position"),
        ("read_positions", "position"),
    ):
        op.add_column(table, sa.Column(column, sa.BigInteger(), server_default="0", nullable=False))


def _index() -> None:
    op.create_index(
        "ix_subject_positions_said",
        "subject_positions",
        ["scope_id", "position"],
        postgresql_include=["subject_id", "organisation_id"],
        postgresql_where=sa.text("scope_id IS NOT NULL"),
    )
    op.create_index(
        "ix_naming_positions_named",
        "naming_positions",
        ["person_id", "scope_id", "position"],
        postgresql_include=["subject_id", "organisation_id"],
    )


def downgrade() -> None:
    op.execute("DROP VIEW reads")
    op.execute("REVOKE SELECT (scope_id) ON outbox FROM hereabouts_web")
    op.drop_index("ix_outbox_said", "outbox")
    op.create_index(
        "ix_outbox_starting",
        "outbox",
        ["person_id"],
        postgresql_where=sa.text("type = 'membership.started'"),
    )
    op.execute("DROP TRIGGER number_at_commit ON outbox")
    op.execute("DROP FUNCTION number_event_at_commit, oldest_event_waiting")
    for table, column in (
        ("journal_heads", "placed"),
        ("persons", "joined_position"),
        ("read_positions", "position"),
    ):
        op.drop_column(table, column)
    op.drop_table("naming_positions")
    op.drop_table("subject_positions")
