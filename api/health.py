"""For load balancers and the local runner; outside the API document."""

from flask import Blueprint, Response

from api.life import runtime
from base import clock
from base.guards import faults
from journal import led
from journal.tail import present_epoch

blueprint = Blueprint("health", "health")


@blueprint.get("/health/live")
def live() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/health/ready")
def ready() -> Response:
    """The process answers and its database does; else 503 by way of the error handlers.

    The first line says `ready`, with what somebody should look at; the others tell the journal's epoch, and within how
    many milliseconds 99 of 100 commits of the last minute were done.

    Without a relay it is ready, too: what is said is taken, and nobody is served better by nobody.
    """
    database = runtime().database
    with database.transaction() as session:
        complaints, epoch = faults(session), present_epoch(session)
        complaints += led.complaints(session)
    complaints += database.lately.complaints()
    if (differs := clock.difference()) is not None:
        complaints.append(differs)
    first = f"ready, but {'; '.join(complaints)}" if complaints else "ready"
    commit_ms = (database.lately.commit_s() or 0.0) * 1000
    return Response(f"{first}\nepoch {epoch}\ncommit_ms {commit_ms:.1f}\n", mimetype="text/plain")
