"""Who may touch which rows: the SQL of the first migration, kept apart from its tables.

The web's role sees the rows of one organisation, named by `app.organisation_id` for the length of a transaction.
What has to look before the organisation is known (sign-in, a refresh token, an invitation) goes through narrow
functions that run as the owner and give back as little as the next step needs.
"""

_TENANT = "organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid"
_TABLES = (
    "persons",
    "credentials",
    "invitations",
    "devices",
    "sessions",
    "refresh_tokens",
    "scopes",
    "memberships",
    "places",
    "boundary_versions",
    "device_positions",
    "visits",
    "posts",
    "deliveries",
    "idempotency_keys",
    "outbox",
    "journal",
    "journal_heads",
)


def policy(table: str) -> str:
    """The SQL that lets the web's role see a table's rows of its organisation alone."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f"CREATE POLICY tenant ON {table} USING ({_TENANT}) WITH CHECK ({_TENANT});"
    )


PREPARE = "CREATE SEQUENCE journal_seq"

POLICIES = (
    "\n".join(map(policy, _TABLES))
    + f"""
ALTER TABLE organisations ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organisations USING ({_TENANT.replace("organisation_id", "id", 1)});
"""
)

FUNCTIONS = """
CREATE FUNCTION sign_in_candidate(slug text, email text)
RETURNS TABLE (organisation_id uuid, person_id uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, p.id, c.password_hash
    FROM organisations o JOIN persons p ON p.organisation_id = o.id JOIN credentials c ON c.person_id = p.id
    WHERE o.slug = $1 AND lower(p.email) = lower($2) AND p.ended_at IS NULL
$$;

CREATE FUNCTION organisation_of_invitation(digest bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organisation_id FROM invitations WHERE code_digest = $1
$$;

CREATE FUNCTION organisation_of_refresh_token(digest bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organisation_id FROM refresh_tokens WHERE refresh_tokens.digest = $1
$$;

-- One address belongs to one device, whoever's: an address that turns up elsewhere moves.
CREATE FUNCTION release_push_address(address text, keeper uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE devices SET push_address = NULL, push_address_kind = NULL, push_address_at = NULL
    WHERE push_address = $1 AND id <> $2
$$;

-- The journal's partitions are by month; this month's and the next one's are there before they are needed.
CREATE FUNCTION ensure_journal_partitions() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month timestamptz := date_trunc('month', now(), 'UTC');
BEGIN
    FOR i IN 0..1 LOOP
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF journal FOR VALUES FROM (%L) TO (%L)',
            'journal_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'), month, month + interval '1 month'
        );
        month := month + interval '1 month';
    END LOOP;
END
$$;
SELECT ensure_journal_partitions();

REVOKE EXECUTE ON FUNCTION sign_in_candidate, organisation_of_invitation, organisation_of_refresh_token,
    release_push_address, ensure_journal_partitions FROM PUBLIC;
"""

GRANTS = """
GRANT SELECT ON organisations, journal, journal_heads TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON persons, credentials, sign_in_failures, invitations, devices, sessions,
    refresh_tokens, scopes, memberships, places, boundary_versions, device_positions, visits, posts,
    idempotency_keys TO hereabouts_web;
GRANT UPDATE (settings, name) ON organisations TO hereabouts_web;
GRANT INSERT, SELECT (id) ON outbox TO hereabouts_web;
GRANT SELECT ON deliveries TO hereabouts_web;
GRANT EXECUTE ON FUNCTION sign_in_candidate, organisation_of_invitation, organisation_of_refresh_token,
    release_push_address TO hereabouts_web;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hereabouts_worker;
GRANT USAGE, UPDATE, SELECT ON SEQUENCE journal_seq TO hereabouts_worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO hereabouts_worker;
"""

REMOVE = """
DROP FUNCTION sign_in_candidate, organisation_of_invitation, organisation_of_refresh_token, release_push_address,
    ensure_journal_partitions;
DROP SEQUENCE journal_seq;
"""
