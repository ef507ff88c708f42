"""What a database has to have beside its tables: guards between tenants, and marks that let indexes work behind them.

And what PostgreSQL's log must not tell. All of it can get lost without an error: a restore makes PostGIS anew without
the marks, an update of the extension replaces the functions, an operator lends a role more than it needs. So every
process asks when it starts, in one statement, and `/health/ready` whenever it is asked. Nothing is refused for it: the
product works, but slowly or less safely, and somebody has to look.
"""

import time

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from base.database import Database, make_engine
from base.logs import logger

log = logger(__name__)
_AGAIN_S = 5.0
_LOOK = text(
    """
    SELECT
        ARRAY(
            SELECT wanted FROM unnest(ARRAY[
                'geometry_overlaps(geometry,geometry)', 'st_covers(geometry,geometry)'
            ]) AS wanted
            LEFT JOIN pg_proc ON pg_proc.oid = to_regprocedure(wanted)
            WHERE proleakproof IS NOT TRUE
        ) AS unmarked,
        ARRAY(
            SELECT CAST(relname AS text) FROM pg_class
            WHERE relnamespace = CAST('public' AS regnamespace) AND relkind IN ('r', 'p') AND NOT relispartition
                AND (relname = 'organisations' OR EXISTS (
                    SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'organisation_id'
                ))
                AND NOT (relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid))
            ORDER BY relname
        ) AS open,
        EXISTS (
            SELECT FROM pg_roles web WHERE web.rolname = 'hereabouts_web' AND (
                web.rolsuper OR web.rolbypassrls OR EXISTS (
                    SELECT FROM pg_roles stronger
                    WHERE stronger.rolname IN ('hereabouts_owner', 'hereabouts_worker')
                        AND pg_has_role(web.oid, stronger.oid, 'MEMBER')
                )
            )
        ) AS loose,
        EXISTS (
            SELECT FROM pg_roles
            WHERE rolname = 'hereabouts_worker' AND NOT rolbypassrls AND NOT rolsuper
        ) AS bound,
        ARRAY(
            SELECT CAST(name AS text) FROM pg_settings
            WHERE current_user IN ('hereabouts_web', 'hereabouts_worker') AND (
                name = 'log_min_error_statement' AND setting NOT IN ('log', 'fatal', 'panic')
                OR name = 'log_error_verbosity' AND setting <> 'terse'
                OR name = 'log_statement' AND setting NOT IN ('none', 'ddl')
                OR name = 'log_min_duration_statement' AND setting <> '-1'
            )
            ORDER BY name
        ) AS telling
    """
)


def faults(session: Session) -> list[str]:
    """What is missing, each in a part of a sentence; nothing where all is as `deploy/database.sql` makes it."""
    found = session.execute(_LOOK).one()
    return [
        *(f"{name} is not marked LEAKPROOF (run deploy/database.sql)" for name in found.unmarked),
        *(f"row-level security does not hold for {name}" for name in found.open),
        *(["hereabouts_web can get around row-level security"] if found.loose else []),
        *(
            f"PostgreSQL's log tells what people say: {name} (run deploy/database.sql)"
            for name in found.telling
        ),
        *(["hereabouts_worker is held by row-level security, and sees nothing"] if found.bound else []),
    ]


def tell_faults(url: str) -> None:
    """Log what is missing, once; a database that does not answer is waited for."""
    database = Database(make_engine(url, 1))
    while True:
        try:
            with database.transaction() as session:
                found = faults(session)
            break
        except SQLAlchemyError:
            time.sleep(_AGAIN_S)
    database.engine.dispose()
    for fault in found:
        log.error("database_lacks_a_guard", fault=fault)
