"""For load balancers and the local runner; outside the API document."""

from flask import Blueprint, Response
from sqlalchemy import text

from api.life import runtime
from base import clock

blueprint = Blueprint("health", "health")


@blueprint.get("/health/live")
def live() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/health/ready")
def ready() -> Response:
    """The process answers and its database does; else 503 by way of the error handlers."""
    with runtime().database.transaction() as session:
        session.execute(text("SELECT 1"))
    differs = clock.difference()
    return Response("ready\n" if differs is None else f"ready, but {differs}\n", mimetype="text/plain")
