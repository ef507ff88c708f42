"""Forgetting, by the rules of organisations and charters. Each job deletes a bounded number at a time."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.privacy import DEFAULTS

_LIMIT = 5_000
# The shorter of the organisation's and the site's days counts. A muster's report stays: it is a record of its own.
_OLD_VISITS = text(
    """
    DELETE FROM visits WHERE id IN (
        SELECT v.id FROM visits v
        JOIN places p ON p.id = v.place_id
        JOIN organisations o ON o.id = v.organisation_id
        LEFT JOIN charters c ON c.site_id = p.site_id
        WHERE v.left_at < now() - make_interval(days => least(
            c.visit_days, coalesce((o.settings -> 'privacy' ->> 'visit_days')::int, :default_days)))
        LIMIT :limit)
    """
)
_OLD_POSITIONS = text(
    """
    DELETE FROM device_positions d USING organisations o
    WHERE o.id = d.organisation_id AND d.fixed_at < now() - make_interval(
        days => coalesce((o.settings -> 'privacy' ->> 'position_days')::int, :default_days))
    """
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


def forget_old_visits(session: Session) -> None:
    """Delete ended visits that are older than the site or the organisation keeps them."""
    session.execute(_OLD_VISITS, {"default_days": DEFAULTS["visit_days"], "limit": _LIMIT})


def forget_old_positions(session: Session) -> None:
    """Delete the last fix of devices that have not been heard of for days."""
    session.execute(_OLD_POSITIONS, {"default_days": DEFAULTS["position_days"]})


def forget_old_trails(session: Session) -> None:
    """Delete trails beyond their days; where the organisation keeps none any more, all of them."""
    session.execute(_OLD_TRAILS, {"default_days": DEFAULTS["trail_days"], "limit": _LIMIT})
