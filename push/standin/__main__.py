"""`python -m push.standin --port 0 --credentials FILE --ready-file FILE`: runs the stand-in until SIGTERM.

Writes a service account into FILE that makes the unmodified SDK talk OAuth with it; the ready file gets the address.
"""

# ruff: noqa: E402 - the standard library waits in greenlets from here on
from gevent import monkey

monkey.patch_all()

import argparse
import json
import signal
from pathlib import Path

import gevent
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from push.standin.account import PROJECT, service_account
from push.standin.server import make_app
from push.standin.wire import StandinServer

_BACKLOG = 1_024


def main() -> None:
    """Make a key, write the service account, serve."""
    parser = argparse.ArgumentParser(prog="push.standin")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--ready-file", type=Path, required=True)
    options = parser.parse_args()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app = make_app(public.decode(), PROJECT)
    server = StandinServer((options.host, options.port), app, backlog=_BACKLOG, log=None, error_log=None)
    server.start()
    address = f"http://{options.host}:{server.server_port}"
    options.credentials.write_text(json.dumps(service_account(key, address)))
    options.credentials.chmod(0o600)
    options.ready_file.write_text(address)
    for ending in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(ending, server.stop, 0)
    server.serve_forever()


if __name__ == "__main__":
    main()
