-- What a superuser runs once for a database; running it again changes nothing.
--   psql -v ON_ERROR_STOP=1 -d hereabouts -f deploy/database.sql
-- On a managed server give the three roles passwords afterwards. Migrations then run as hereabouts_owner.

DO $$
DECLARE
    wanted record;
BEGIN
    -- Roles belong to the whole cluster, and several databases may be prepared at once.
    PERFORM pg_advisory_xact_lock(hashtext('hereabouts roles'));
    FOR wanted IN SELECT * FROM (VALUES
        ('hereabouts_owner', 'NOBYPASSRLS'), ('hereabouts_web', 'NOBYPASSRLS'), ('hereabouts_worker', 'BYPASSRLS')
    ) AS roles (name, bypass) LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE %s', wanted.name, wanted.bypass);
        END IF;
        -- A statement names addresses, push tokens, places and what people say, and so does the detail of an error:
        -- the server's log is for what is wrong, and not for whom it was about.
        EXECUTE format('ALTER ROLE %I SET log_min_error_statement = panic', wanted.name);
        EXECUTE format('ALTER ROLE %I SET log_error_verbosity = terse', wanted.name);
        EXECUTE format('ALTER ROLE %I SET log_statement = none', wanted.name);
        EXECUTE format('ALTER ROLE %I SET log_min_duration_statement = -1', wanted.name);
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO hereabouts_owner;
GRANT USAGE ON SCHEMA public TO hereabouts_web, hereabouts_worker;

-- Under row-level security PostgreSQL lets only leak-proof operators near an index. `&&` compares bounding boxes and
-- can fail on nothing that a stored geometry can be, so it tells nothing of rows that the policy hides.
ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF;
ALTER FUNCTION st_covers(geometry, geometry) LEAKPROOF;
