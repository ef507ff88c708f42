"""The stand-in's HTTP side: Google's two endpoints, and `/standin` to look at it and to make it fail."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from flask import Flask, Response, request

from push.standin.rules import breaches

_STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
_STATUSES |= {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_TOKEN_LIFE_S = 3_600


@dataclass
class Mailbox:
    """What was accepted, and how the stand-in is to behave by address ("*" for all)."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    tokens: int = 0
    behaviour: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def accept(self, message: dict[str, Any]) -> int:
        """Keep a message; returns its number, from 1."""
        with self.changed:
            number = len(self.messages) + 1
            self.messages.append({"number": number, "received_at": time.time(), "message": message})
            self.changed.notify_all()
            return number

    def after(self, number: int, wait_s: float) -> list[dict[str, Any]]:
        """The messages after a number; waits for one for up to `wait_s`."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.messages) > number, timeout=wait_s)
            return self.messages[number:]

    def told(self, address: str) -> dict[str, Any]:
        """How to behave towards an address, counting down behaviours that last for some times."""
        with self.changed:
            self.requests += 1
            key = address if address in self.behaviour else "*"
            behaviour = self.behaviour.get(key, {})
            if "times" in behaviour:
                behaviour["times"] -= 1
                if behaviour["times"] <= 0:
                    del self.behaviour[key]
            return dict(behaviour)


def make_app(public_key: str, project: str) -> Flask:
    """The application; it trusts the service account whose public key is given."""
    app, mailbox, issued = Flask(__name__), Mailbox(), set[str]()

    @app.post("/token")
    def token() -> Response:
        try:
            claims = jwt.decode(
                request.form["assertion"], public_key, ["RS256"], options={"verify_aud": False}
            )
        except (KeyError, jwt.InvalidTokenError):
            return Response('{"error":"invalid_grant"}', 400, mimetype="application/json")
        mailbox.tokens += 1
        access = f"standin.{mailbox.tokens}.{claims['iat']}"
        issued.add(access)
        return _json({"access_token": access, "expires_in": _TOKEN_LIFE_S, "token_type": "Bearer"})

    @app.post("/v1/projects/<name>/messages:send")
    def send(name: str) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in issued or name != project:
            return _error(401, "UNAUTHENTICATED", "the access token is not good for this project")
        body = request.get_json(silent=True)
        wrong = breaches(body)
        message = body.get("message", {}) if isinstance(body, dict) else {}
        behaviour = mailbox.told(str(message.get("token") or message.get("fid")))
        time.sleep(behaviour.get("delay_ms", 0) / 1000)
        if wrong:
            return _error(400, "INVALID_ARGUMENT", "; ".join(wrong))
        if "status" in behaviour:
            return _error(
                behaviour["status"], behaviour.get("error_code"), "as asked for", behaviour.get("retry_after")
            )
        number = mailbox.accept(message)
        return _json({"name": f"projects/{project}/messages/{number}"})

    _add_controls(app, mailbox)
    return app


def _add_controls(app: Flask, mailbox: Mailbox) -> None:
    @app.get("/standin/messages")
    def messages() -> Response:
        after, wait_s = int(request.args.get("after", 0)), min(60.0, float(request.args.get("wait", 0)))
        return _json({"messages": mailbox.after(after, wait_s), "requests": mailbox.requests})

    @app.post("/standin/behaviour")
    def behave() -> Response:
        with mailbox.changed:
            mailbox.behaviour.update(request.get_json())
        return _json({})

    @app.delete("/standin")
    def reset() -> Response:
        with mailbox.changed:
            mailbox.messages.clear()
            mailbox.behaviour.clear()
            mailbox.requests = 0
        return _json({})


def _error(status: int, code: str | None, text: str, retry_after: int | None = None) -> Response:
    details = [{"@type": _FCM_ERROR, "errorCode": code}] if code else []
    error = {"code": status, "message": text, "status": _STATUSES.get(status, "UNKNOWN"), "details": details}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Response(json.dumps({"error": error}), status, headers, mimetype="application/json")


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")
