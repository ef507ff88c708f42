"""Forgetting the audit log: two years of it are kept, unless the organisation's `audit_days` say otherwise."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from base.rows import rows_written

BATCH = 5_000
DAYS, FEWEST_DAYS, MOST_DAYS = 730, 90, 3_650
# Each organisation's oldest come first, by the index; what was tried at no organisation's name goes with the default.
_OLD = text(
    """
    DELETE FROM audit_entries WHERE id IN (
        SELECT old.id FROM (
            SELECT id, (settings ->> 'audit_days')::int AS days FROM organisations
            UNION ALL SELECT '00000000-0000-0000-0000-000000000000', NULL) o
        CROSS JOIN LATERAL (
            SELECT e.id FROM audit_entries e
            WHERE e.organisation_id = o.id AND e.at < now() - make_interval(days => coalesce(o.days, :days))
            ORDER BY e.at LIMIT :limit) old
        LIMIT :limit)
    """
)


def forget_old_entries(session: Session) -> int:
    """Delete some of what is older than it is kept; returns how many. For the worker's role."""
    return rows_written(session, _OLD, {"days": DAYS, "limit": BATCH})
