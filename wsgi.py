"""The application object: HTTP and sockets in one gevent process. `python wsgi.py` serves it."""

# ruff: noqa: E402, F401 - gevent has to come before everything that opens a socket, and companions stay away
import gc

gc.disable()  # what a start makes stays for good: to look it through again and again is a tenth of the start

from gevent import monkey

monkey.patch_all()

import os
import sys
import threading

import gevent
from gevent.threadpool import ThreadPool

from base.absent import absent

with absent("cryptography", "redis", "requests", "rich", "websocket"):
    import jwt
    import socketio

from api.app import create_app
from base import waiting
from base.exposition import expose, gauge
from base.guards import tell_faults
from base.settings import settings_or_exit
from base.watchdog import Watchdog
from base.work import hashing, offload
from geo.lookup.indexes import PlaceIndexes
from live.serve import serve
from live.server import LiveServer

settings = settings_or_exit(os.environ)
waiting.install()  # and lets other greenlets run meanwhile
offload.install(gevent.get_hub().threadpool.apply)
hashing.install(ThreadPool(hashing.AT_ONCE).apply)
application = create_app(settings)
live = LiveServer(application)
places = PlaceIndexes(application.extensions["hereabouts"].database)
application.extensions["hereabouts_place_indexes"] = places
gc.freeze()  # nor is it looked through later
gc.enable()
# Thousands who wait are much to look through, at every fourth of them who comes anew: it held up everybody for 100 ms.
gc.set_threshold(*gc.get_threshold()[:2], 100)

watchdog = Watchdog()


def numbers() -> str:
    """What this process tells Prometheus: of itself alone."""
    waiting = application.extensions["hereabouts"].wakeups.waiting()
    lines = gauge("hereabouts_sync_waiting", "Requests of sync that wait for news.", waiting)
    lines += gauge("hereabouts_sockets", "Sockets that are let in.", len(live.hub.subscribers()))
    return "\n".join([*lines, *watchdog.lines(), ""])


if __name__ == "__main__":
    threading.Thread(target=tell_faults, args=(settings.database_url,), daemon=True).start()
    if settings.web_metrics_port:
        exposed = (settings.metrics_host, settings.web_metrics_port, numbers, threading.Event())
        threading.Thread(target=expose, args=exposed, daemon=True).start()
    places.start()
    watchdog.start()
    serve(application, live, settings)
