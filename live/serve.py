"""Serves the application until SIGTERM: stops taking connections, then lets the running requests end."""

import errno
import signal
import sys

import gevent
from flask import Flask
from gevent.pywsgi import WSGIServer

from base.logs import logger
from base.settings import Settings
from live.engine.handshake import SocketHandler
from live.server import LiveServer

log = logger(__name__)
_GRACE_S = 5


def serve(app: Flask, live: LiveServer, settings: Settings) -> None:
    """Block until a signal; exits with a sentence when the port is taken."""
    server = WSGIServer(
        (settings.host, settings.port), app, handler_class=SocketHandler, log=None, error_log=None
    )
    try:
        server.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            sys.exit(f"{settings.host}:{settings.port} (HOST, PORT) cannot be used: {error.strerror}.")
        sys.exit(f"Port {settings.port} on {settings.host} is in use; set PORT to another one.")
    live.start()
    log.info("web_serves", host=settings.host, port=server.server_port)
    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, _stop, server, live)
    server.serve_forever(stop_timeout=_GRACE_S)


def _stop(server: WSGIServer, live: LiveServer) -> None:
    live.stop()
    server.stop(timeout=_GRACE_S)
