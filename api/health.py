"""For load balancers and the local runner; outside the API document."""

from flask import Blueprint, Response
from sqlalchemy import text

from api.life import runtime

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
    return Response("ready\n", mimetype="text/plain")
