"""For load balancers and the local runner; outside the API document."""

from flask import Blueprint, Response

from api.life import runtime
from base import clock
from journal.relay import is_led

blueprint = Blueprint("health", "health")


@blueprint.get("/health/live")
def live() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/health/ready")
def ready() -> Response:
    """The process answers and its database does; else 503 by way of the error handlers.

    Without a relay it is ready, too: what is said is taken, and nobody is served better by nobody.
    """
    with runtime().database.transaction() as session:
        led = is_led(session)
    faults = [fault for fault in (clock.difference(), None if led else "no relay leads") if fault is not None]
    return Response(f"ready, but {'; '.join(faults)}\n" if faults else "ready\n", mimetype="text/plain")
