"""The application object: HTTP and sockets in one gevent process. `python wsgi.py` serves it."""

# ruff: noqa: E402 - gevent has to come before everything that opens a socket
from gevent import monkey

monkey.patch_all()

import os
import sys

from api.app import create_app
from base import waiting
from base.settings import SettingsError, load_settings
from geo.lookup.indexes import PlaceIndexes
from live.serve import serve
from live.server import LiveServer

try:
    settings = load_settings(os.environ)
except SettingsError as mistakes:
    sys.exit(str(mistakes))
waiting.install()  # and lets other greenlets run meanwhile
application = create_app(settings)
live = LiveServer(application)
places = PlaceIndexes(application.extensions["hereabouts"].database)
application.extensions["hereabouts_place_indexes"] = places

if __name__ == "__main__":
    places.start()
    serve(application, live, settings)
