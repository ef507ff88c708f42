"""A phone that changes hands between organisations loses its push addresses; notifications keep no words."""

from alembic import op

revision = "0008"
down_revision = "0007"

_RELEASE = """
-- One installation is one phone: whoever signs in on it has it, and no organisation reaches whoever had it before.
CREATE FUNCTION release_installation(installation text, keeper uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE devices SET push_address = NULL, push_address_kind = NULL, push_address_at = NULL
    WHERE installation_id = $1 AND id <> $2 AND push_address IS NOT NULL
$$;
REVOKE EXECUTE ON FUNCTION release_installation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION release_installation TO hereabouts_web, hereabouts_worker;
"""
_FORGET_WORDS = """
UPDATE notifications SET facts = facts - ARRAY['text', 'message', 'author_name', 'scope_name', 'place_name']
WHERE facts ?| ARRAY['text', 'message', 'author_name', 'scope_name', 'place_name']
"""


def upgrade() -> None:
    op.create_index("ix_devices_installation", "devices", ["installation_id"])
    op.execute(_RELEASE)
    op.execute(_FORGET_WORDS)


def downgrade() -> None:
    op.execute("DROP FUNCTION release_installation")
    op.drop_index("ix_devices_installation", "devices")
