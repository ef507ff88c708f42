"""Forgetting, by the rules of organisations and charters. Each job deletes a bounded number at a time.

How long it is kept who was in a place is one number a place: the shorter of the organisation's and its site's charter's
days. It holds for visits, for memberships by being there, for looks at who is there, for what the journal says of all
of them, for the numbers that were told, and for the words and points of a roll call's answers. That somebody was on a
roll call, and safe, stays.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from geo.stays.rules import DEFAULTS
from geo.stays.times import TOO_OLD
from journal.erasing import erase_presence

_LIMIT = 5_000
_DAYS = text(
    """
    SELECT p.id AS place_id, least(c.visit_days, theirs.days) AS days,
        c.lengthened_at, least(c.former_visit_days, theirs.days) AS former_days
    FROM places p
    JOIN organisations o ON o.id = p.organisation_id
    CROSS JOIN LATERAL (
        SELECT coalesce((o.settings -> 'privacy' ->> 'visit_days')::int, :default_days) AS days) theirs
    LEFT JOIN charters c ON c.site_id = p.site_id
    """
)
_OLD_VISITS = text(
    """
    DELETE FROM visits WHERE id IN (
        SELECT v.id FROM visits v
        JOIN unnest(CAST(:places AS uuid[]), CAST(:before AS timestamptz[])) AS due (place_id, before) USING (place_id)
        WHERE v.left_at < due.before LIMIT :limit)
    """
)
_OLD_MEMBERSHIPS = text(
    """
    DELETE FROM memberships WHERE id IN (
        SELECT m.id FROM memberships m
        JOIN unnest(CAST(:places AS uuid[]), CAST(:before AS timestamptz[])) AS due (place_id, before)
            ON due.place_id = m.scope_id
        WHERE m.source = 'presence' AND m.ended_at < due.before LIMIT :limit)
    """
)
_OLD_VIEWS = text(
    """
    DELETE FROM presence_views WHERE id IN (
        SELECT w.id FROM presence_views w
        JOIN unnest(CAST(:places AS uuid[]), CAST(:before AS timestamptz[])) AS due (place_id, before) USING (place_id)
        WHERE w.at < due.before LIMIT :limit)
    """
)
_OLD_COUNTS = text(
    """
    DELETE FROM told_counts WHERE (place_id, at) IN (
        SELECT c.place_id, c.at FROM told_counts c
        JOIN unnest(CAST(:places AS uuid[]), CAST(:before AS timestamptz[])) AS due (place_id, before) USING (place_id)
        WHERE c.at < due.before LIMIT :limit)
    """
)
_OLD_ANSWERS = text(
    """
    WITH old AS (
        SELECT m.id FROM musters m
        JOIN unnest(CAST(:places AS uuid[]), CAST(:before AS timestamptz[])) AS due (place_id, before) USING (place_id)
        WHERE m.ended_at < due.before AND EXISTS (
            SELECT FROM muster_entries e WHERE e.muster_id = m.id AND (e.text IS NOT NULL OR e.point IS NOT NULL))
        LIMIT :limit),
    reports AS (
        UPDATE musters SET report = jsonb_set(report, '{entries}', (
            SELECT coalesce(jsonb_agg(line || '{"text": null, "point": null}'), '[]')
            FROM jsonb_array_elements(report -> 'entries') AS line))
        WHERE id IN (SELECT id FROM old) AND report IS NOT NULL)
    UPDATE muster_entries SET text = NULL, point = NULL WHERE muster_id IN (SELECT id FROM old)
    """
)
_OLD_POSITIONS = text(
    """
    DELETE FROM device_positions d USING organisations o
    WHERE o.id = d.organisation_id AND d.fixed_at < now() - make_interval(
        days => coalesce((o.settings -> 'privacy' ->> 'position_days')::int, :default_days))
    """
)
_OLD_DEPARTURES = text(
    "DELETE FROM departures WHERE id IN (SELECT id FROM departures WHERE left_at < :before LIMIT :limit)"
)
_OLD_TRAILS = text(
    """
    DELETE FROM trail_points WHERE (device_id, at) IN (
        SELECT t.device_id, t.at FROM trail_points t JOIN organisations o ON o.id = t.organisation_id
        WHERE t.at < now() - make_interval(
            days => coalesce((o.settings -> 'privacy' ->> 'trail_days')::int, :default_days))
        LIMIT :limit)
    """
)


def forget_old_presence(session: Session, at: datetime | None = None) -> None:
    """Delete or empty all that says who was in a place, where it is older than that place's days as of `at` (now)."""
    before = _kept_since(session, at or clock.now())
    due = {"places": list(before), "before": list(before.values()), "limit": _LIMIT}
    for old in (_OLD_VISITS, _OLD_MEMBERSHIPS, _OLD_VIEWS, _OLD_COUNTS, _OLD_ANSWERS):
        session.execute(old, due)
    erase_presence(session, before, _LIMIT)


def forget_old_departures(session: Session) -> None:
    """Delete words of having left that nothing older can follow any more: it would be refused as too old."""
    session.execute(_OLD_DEPARTURES, {"before": clock.now() - TOO_OLD, "limit": _LIMIT})


def _kept_since(session: Session, at: datetime) -> dict[UUID, datetime]:
    rows = session.execute(_DAYS, {"default_days": DEFAULTS["visit_days"]})
    return {row.place_id: _kept_since_at(row, at) for row in rows}


def _kept_since_at(row: AnyRow, at: datetime) -> datetime:
    """What is older goes; what was there before a charter came to keep visits for longer, as was promised then."""
    since: datetime = at - timedelta(days=row.days)
    if row.lengthened_at is None:
        return since
    return max(since, min(row.lengthened_at, at - timedelta(days=row.former_days)))


def forget_old_positions(session: Session) -> None:
    """Delete the last fix of devices that have not been heard of for days."""
    session.execute(_OLD_POSITIONS, {"default_days": DEFAULTS["position_days"]})


def forget_old_trails(session: Session) -> None:
    """Delete trails beyond their days; where the organisation keeps none any more, all of them."""
    session.execute(_OLD_TRAILS, {"default_days": DEFAULTS["trail_days"], "limit": _LIMIT})
