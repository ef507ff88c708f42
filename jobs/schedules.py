"""What has to happen when nobody asks for it. Each job is safe to run in several workers at once."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from base.database import Database
from base.logs import logger
from geo.musters.musters import remind_silent
from geo.musters.roll import refresh_running
from geo.presence.occupancy import tell_windows
from geo.privacy.retention import (
    forget_old_departures,
    forget_old_positions,
    forget_old_presence,
    forget_old_trails,
)
from geo.stays.admission import end_expired_memberships
from geo.stays.gate import close_accounts
from geo.stays.handover import end_foreign_evidence
from geo.stays.silence import BATCH, end_expired_evidence, end_silent, mark_silent
from people.accounts.resets import forget_old_codes
from people.audit import retention as audit_retention
from people.idempotency import forget_old_keys
from people.roles.ending import BATCH as ROLES
from people.roles.ending import end_expired_roles
from people.sign_in.sessions import end_expired_sessions, forget_old_refresh_tokens
from people.sign_in.throttle import forget_old_failures
from push.inbox.digest import BATCH as DIGESTS
from push.inbox.digest import send_digests
from push.plans.again import BATCH as UNPLANNED
from push.plans.again import PlansAgain
from push.reports import retention
from push.sending import tokens
from social.notices import BATCH as NOTICES
from social.notices import end_expired_notices
from social.reminding import BATCH as ALERTS
from social.reminding import remind_the_silent

log = logger(__name__)


@dataclass
class Job:
    """A function of a transaction, and how many seconds lie between its runs.

    Where it answers that it did `batch` things, there may be more, and it is due again at once.
    """

    name: str
    every_s: float
    run: Callable[[Session], object]
    batch: int | None = None
    due: float = 0.0


def jobs() -> list[Job]:
    """All of them."""
    return [
        Job("end_expired_memberships", 1, end_expired_memberships),
        Job("end_expired_roles", 1, end_expired_roles, ROLES),
        Job("end_expired_sessions", 30, end_expired_sessions),
        Job("close_visitors_accounts", 5, close_accounts),
        Job("end_expired_evidence", 5, end_expired_evidence),
        Job("mark_silent_phones", 15, mark_silent, BATCH),
        Job("end_silent_phones", 60, end_silent, BATCH),
        Job("tell_windows", 15, tell_windows),
        Job("end_foreign_evidence", 60, end_foreign_evidence),
        Job("refresh_running_musters", 10, refresh_running),
        Job("remind_the_silent_of_musters", 1, remind_silent),
        Job("end_expired_notices", 1, end_expired_notices, NOTICES),
        Job("remind_the_silent_of_alerts", 5, remind_the_silent, ALERTS),
        Job("plan_again", 5, PlansAgain(), UNPLANNED),
        Job("send_digests", 60, send_digests, DIGESTS),
        Job("forget_old_presence", 600, forget_old_presence),
        Job("forget_old_positions", 600, forget_old_positions),
        Job("forget_old_trails", 600, forget_old_trails),
        Job("forget_old_departures", 600, forget_old_departures),
        Job("forget_old_keys", 3_600, forget_old_keys),
        Job("forget_old_refresh_tokens", 3_600, forget_old_refresh_tokens),
        Job("forget_old_reset_codes", 600, forget_old_codes),
        Job("forget_old_failures", 600, forget_old_failures),
        Job("forget_old_deliveries", 600, retention.forget_old_deliveries, retention.BATCH),
        Job("forget_old_notifications", 600, retention.forget_old_notifications, retention.BATCH),
        Job("forget_old_sightings", 600, retention.forget_old_sightings, retention.BATCH),
        Job("forget_old_audit", 3_600, audit_retention.forget_old_entries, audit_retention.BATCH),
        Job("forget_silent_addresses", 3_600, tokens.forget_silent_addresses, tokens.BATCH),
    ]


def run_schedules(
    database: Database, stopping: threading.Event, pending: Sequence[Job] | None = None
) -> None:
    """Run what is due, until `stopping`; all jobs, unless others are given."""
    pending = jobs() if pending is None else pending
    while not stopping.wait(0.5):
        for job in pending:
            if time.monotonic() >= job.due:
                job.due = time.monotonic() + job.every_s
                _run(database, job)


def _run(database: Database, job: Job) -> None:
    """One that fails, whatever the fault, must not starve those behind it: it is tried again when it is due again."""
    try:
        with database.transaction() as session:
            done = job.run(session)
        if job.batch is not None and done == job.batch:
            job.due = 0.0
    except SQLAlchemyError as error:
        log.warning("schedule_lost_database", job=job.name, error=type(error).__name__)
    except Exception as error:
        log.error("schedule_failed", job=job.name, exc_info=error)
