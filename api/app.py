"""Puts the HTTP application together."""

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from api import docs_page, document, health
from api.browsers import register_browser_rules
from api.compression import register_compression
from api.cors import register_cors
from api.pacing import register_pacing
from api.problems import register_problems
from api.request_log import register_request_log
from api.resources import register_resources
from base.database import Database, make_engine
from base.errors import NotFound
from base.logs import configure_logs
from base.sealing import Sealer
from base.settings import Settings
from journal.wakeups import LOOKS, Wakeups
from people.runtime import Runtime
from people.services.tokens import ServiceTokens
from people.sign_in.keys import keys_of
from people.sign_in.passwords import configure_passwords
from people.sign_in.tokens import TokenMaker


def create_app(settings: Settings, database: Database | None = None) -> Flask:
    """The application, with every resource registered; connects to nothing yet."""
    configure_logs(settings.log_level, settings.log_format)
    configure_passwords(settings.password_memory_kib)
    app = Flask("hereabouts", static_folder=None)
    # No body is read but by a route that says how much of it (`api/life.py`).
    app.config.update(document.SETTINGS, MAX_CONTENT_LENGTH=0, PROPAGATE_EXCEPTIONS=False)
    app.url_map.strict_slashes = False
    _trust_proxies(app, settings.trusted_proxies)
    app.extensions["hereabouts"] = _runtime(settings, database)
    register_request_log(app)
    register_cors(app, settings.allowed_origins)
    register_problems(app)
    register_pacing(app, settings)
    register_compression(app)
    app.before_request(_refuse_nul)
    register_browser_rules(app)
    _register_api(app)
    return app


def _runtime(settings: Settings, database: Database | None) -> Runtime:
    database = database or Database(make_engine(settings.database_url, settings.pool_size))
    former = settings.former_secret_key
    keys = keys_of(settings.secret_key, former, database)
    tokens = TokenMaker(settings.secret_key, settings.access_token_ttl, former, keys)
    looks = max(1, min(LOOKS, settings.pool_size // 4))
    sealer = Sealer(settings.secret_key, former)
    wakeups = Wakeups(settings.database_url, looks=looks)
    return Runtime(settings, database, tokens, wakeups, sealer, ServiceTokens(database))


def _trust_proxies(app: Flask, hops: int) -> None:
    """Take the caller's address, scheme and host from so many proxies in front."""
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _refuse_nul() -> None:
    """No path has NUL characters, and neither PostgreSQL nor a file system takes them."""
    if "\0" in request.path:
        raise NotFound


def _register_api(app: Flask) -> None:
    """The resources, the health checks, and the document with its page."""
    api = document.DocumentedApi(app)
    register_resources(app, api)
    app.register_blueprint(health.blueprint)
    document.serve_documents(app, api)
    app.register_blueprint(docs_page.blueprint)
