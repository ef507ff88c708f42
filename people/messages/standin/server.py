"""The stand-in's HTTP: the gateway for short messages, and the mailbox as a page and as JSON."""

import json
import socket
from html import escape
from typing import Any

from flask import Flask, Response, request

from people.messages.standin.mailbox import Mailbox

_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<title>Mailbox</title><style>
body {{ font-family: sans-serif; max-width: 50em; margin: 2em auto }} article {{ border-top: 1px solid #ccc }}
pre {{ white-space: pre-wrap }} small {{ color: #555 }}
</style></head><body><h1>Mailbox</h1><p>What Hereabouts has sent, newest first. Nothing of it left this machine.</p>
{articles}</body></html>"""
_ARTICLE = "<article><p><small>{channel} to</small> {to} <b>{subject}</b></p><pre>{text}</pre></article>"


def make_app(mailbox: Mailbox, token: str) -> Flask:
    """The application; the gateway takes the token."""
    app = Flask(__name__)

    @app.post("/sms")
    def take() -> Response:
        if request.headers.get("Authorization") != f"Bearer {token}":
            return _json({}, 401)
        body: dict[str, Any] = request.get_json()
        behaviour = mailbox.told(body["to"])
        headers = {
            header: str(behaviour[name])
            for name, header in (("retry_after", "Retry-After"), ("location", "Location"))
            if name in behaviour
        }
        if "status" in behaviour:
            return _json({}, behaviour["status"], headers)
        mailbox.accept("sms", body["to"], body["text"], id=body["id"])
        if behaviour.get("drop"):
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return _json({}, 202)

    @app.get("/messages")
    def messages() -> Response:
        after, wait_s = int(request.args.get("after", 0)), min(60.0, float(request.args.get("wait", 0)))
        return _json({"messages": mailbox.to(request.args.get("to"), after, wait_s)})

    @app.post("/behaviour")
    def behave() -> Response:
        with mailbox.changed:
            mailbox.behaviour.update(request.get_json())
        return _json({})

    @app.delete("/messages")
    def reset() -> Response:
        mailbox.reset()
        return _json({})

    @app.get("/")
    def page() -> Response:
        articles = "".join(map(_article, mailbox.to(None)[:200]))
        return Response(_PAGE.format(articles=articles), headers=_POLICY, mimetype="text/html")

    return app


def _article(message: dict[str, Any]) -> str:
    shown = {name: escape(str(message.get(name, ""))) for name in ("channel", "to", "subject", "text")}
    return _ARTICLE.format_map(shown)


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers, mimetype="application/json")
