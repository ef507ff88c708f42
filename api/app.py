"""Puts the HTTP application together."""

import time

from flask import Flask, Response, g, request
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.middleware.proxy_fix import ProxyFix

from api import (
    bundles,
    checkins,
    devices,
    direct_conversations,
    feed,
    fixes,
    health,
    invitations,
    me,
    memberships,
    musters,
    notices,
    notifications,
    online,
    phone_queue,
    places,
    posts,
    preferences,
    privacy,
    reads,
    regions,
    sessions,
    sync,
)
from api.admin import drafts as admin_drafts
from api.admin import imports as admin_imports
from api.admin import invitations as admin_invitations
from api.admin import markers as admin_markers
from api.admin import memberships as admin_memberships
from api.admin import musters as admin_musters
from api.admin import notices as admin_notices
from api.admin import people as admin_people
from api.admin import places as admin_places
from api.admin import presence as admin_presence
from api.admin import push as admin_push
from api.admin import scopes as admin_scopes
from api.compression import register_compression
from api.document import DocumentedApi
from api.problems import register_problems
from base.database import Database, make_engine
from base.logs import configure_logs, logger
from base.settings import Settings
from journal.wakeups import Wakeups
from people.runtime import Runtime
from people.sign_in.passwords import configure_passwords
from people.sign_in.tokens import TokenMaker

log = logger(__name__)
MAX_BODY = 16 * 1024 * 1024
_RESOURCES = (
    sessions,
    invitations,
    me,
    devices,
    direct_conversations,
    places,
    fixes,
    checkins,
    regions,
    musters,
    privacy,
    feed,
    posts,
    preferences,
    reads,
    notices,
    notifications,
    online,
    memberships,
    sync,
    phone_queue,
    bundles,
    admin_people,
    admin_invitations,
    admin_memberships,
    admin_scopes,
    admin_places,
    admin_markers,
    admin_musters,
    admin_notices,
    admin_presence,
    admin_push,
    admin_imports,
    admin_drafts,
)


def create_app(settings: Settings, database: Database | None = None) -> Flask:
    """The application, with every resource registered; connects to nothing yet."""
    configure_logs(settings.log_level, settings.log_format)
    configure_passwords(settings.password_memory_kib)
    app = Flask("hereabouts", static_folder=None)
    app.config.update(
        API_TITLE="Hereabouts",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=MAX_BODY,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    database = database or Database(make_engine(settings.database_url, settings.pool_size))
    tokens = TokenMaker(settings.secret_key, settings.access_token_ttl)
    app.extensions["hereabouts"] = Runtime(settings, database, tokens, Wakeups(settings.database_url))
    register_problems(app)
    register_compression(app)
    _log_requests(app)
    api = DocumentedApi(app)
    for resource in _RESOURCES:
        api.register_blueprint(resource.routes.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(
        get_swaggerui_blueprint(
            "/docs", "/openapi.json", config={"app_name": "Hereabouts", "validatorUrl": None}
        )
    )
    return app


def _log_requests(app: Flask) -> None:
    @app.before_request
    def start() -> None:
        g.started = time.monotonic()

    @app.after_request
    def finish(response: Response) -> Response:
        rule = str(request.url_rule) if request.url_rule else "none"
        milliseconds = round((time.monotonic() - g.get("started", time.monotonic())) * 1000, 1)
        log.info(
            "request",
            method=request.method,
            route=rule,
            status=response.status_code,
            ms=milliseconds,
            request_id=g.get("request_id"),
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        return response
