"""`python -m people.messages.standin --port 8025 --ready-file FILE`: runs the stand-in until SIGTERM.

The ready file gets, as JSON, the `address` of the mailbox and the settings with which the product sends here.
"""

import argparse
import asyncio
import json
import secrets
import signal
import socket
import threading
from functools import partial
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from people.messages.standin.mail import protocol
from people.messages.standin.mailbox import Mailbox
from people.messages.standin.server import make_app


async def serve(host: str, port: int, ready_file: Path) -> None:
    """Take mails and short messages until a signal."""
    mailbox, token, ended = Mailbox(), secrets.token_urlsafe(16), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    http = _http(host, port, mailbox, token)
    smtp = await loop.create_server(partial(protocol, mailbox), host, 0)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    address, mail_port = f"http://{host}:{http.port}", smtp.sockets[0].getsockname()[1]
    settings = {
        "SMTP_URL": f"smtp://{host}:{mail_port}",
        "MAIL_FROM": "Hereabouts <no-reply@hereabouts.example>",
        "SMS_GATEWAY_URL": f"{address}/sms",
        "SMS_GATEWAY_TOKEN": token,
    }
    ready_file.write_text(json.dumps({"address": address, "settings": settings}))
    await ended.wait()
    smtp.close()
    http.shutdown()


def _http(host: str, port: int, mailbox: Mailbox, token: str) -> BaseWSGIServer:
    """A server on the port, or on any where that one is taken: nothing may fail for a mailbox."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            port = 0
    return make_server(host, port, make_app(mailbox, token), threaded=True)


def main() -> None:
    """Read the options, serve."""
    parser = argparse.ArgumentParser(prog="people.messages.standin")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path, required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port, options.ready_file))


if __name__ == "__main__":
    main()
