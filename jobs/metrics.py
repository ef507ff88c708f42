"""`GET /metrics` of a worker, on a port of its own."""

import threading

from sqlalchemy.exc import SQLAlchemyError

from base.database import Database
from base.exposition import expose
from base.settings import Settings
from push.plans.planner import READER
from push.reports.metrics import metrics

_TAKEN_S = 30.0


def serve_metrics(
    settings: Settings, database: Database, stopping: threading.Event, again_s: float = _TAKEN_S
) -> None:
    """Answer until `stopping`. Every worker tells the same, so one of those on a machine is enough."""
    # Without push nobody plans, and nobody is behind.
    reader = None if settings.firebase_credentials is None else READER

    def tell() -> str | None:
        try:
            with database.transaction() as session:
                return metrics(session, reader, database.lately.commit_s())
        except SQLAlchemyError:
            return None

    expose(settings.metrics_host, settings.metrics_port or 0, tell, stopping, again_s)
