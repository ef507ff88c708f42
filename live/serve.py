"""Serves the application until SIGTERM: stops taking connections, then lets the running requests end."""

import errno
import signal
import sys
from dataclasses import replace
from functools import partial

import gevent
from flask import Flask

from base.logs import logger
from base.settings import Settings
from live.front.intake import Times
from live.front.seats import Room
from live.front.server import FrontServer, room_for_connections
from live.kept import kept_running
from live.server import LiveServer
from people.sign_in.keys import Keys

log = logger(__name__)
_GRACE_S = 5


def serve(app: Flask, live: LiveServer, settings: Settings) -> None:
    """Block until a signal; exits with a sentence when the port is taken."""
    server = FrontServer((settings.host, settings.port), app, _times(settings), _room(settings))
    server.seats.unsettled = live.socketio.server.eio.heartbeat.let_one_go
    try:
        server.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            sys.exit(f"{settings.host}:{settings.port} (HOST, PORT) cannot be used: {error.strerror}.")
        sys.exit(f"Port {settings.port} on {settings.host} is in use; set PORT to another one.")
    live.start()
    keys: Keys = app.extensions["hereabouts"].tokens.keys
    gevent.spawn(kept_running, "keys", partial(keys.follow, gevent.sleep))
    log.info("web_serves", host=settings.host, port=server.server_port)
    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, _stop, server, live)
    server.serve_forever(stop_timeout=_GRACE_S)


def _times(settings: Settings) -> Times:
    return Times(
        headers_s=settings.header_timeout, rest_s=settings.keep_alive, grace_s=settings.transfer_timeout
    )


def _room(settings: Settings) -> Room:
    """Of how many connections the process takes; where a proxy counts them by their address, it does not."""
    room = Room(most=room_for_connections(settings.pool_size, Room.spare))
    if settings.trusted_proxies:
        return replace(room, per_address=0)
    if settings.connections_per_address is None:
        return room
    return replace(room, per_address=settings.connections_per_address, own=True)


def _stop(server: FrontServer, live: LiveServer) -> None:
    live.stop()
    server.stop(timeout=_GRACE_S)
