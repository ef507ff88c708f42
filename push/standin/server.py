"""The stand-in's endpoints: Google's two, and `/standin` to look at it and to make it fail."""

import json
import time
from itertools import count
from typing import Any

import jwt
from flask import Flask, Response, request

from push.standin.mailbox import Faults, Mailbox
from push.standin.rules import breaches

_STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
_STATUSES |= {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_TOKEN_LIFE_S = 3_600
_WAYS_TO_BREAK = ("cut", "drop", "refuse", "goaway")


def make_app(public_key: str, project: str) -> Flask:
    """The application; it trusts the service account whose public key is given."""
    app, mailbox, issued, numbers = Flask(__name__), Mailbox(), set[str](), count(1)

    @app.post("/token")
    def token() -> Response:
        try:
            claims = jwt.decode(
                request.form["assertion"], public_key, ["RS256"], options={"verify_aud": False}
            )
        except (KeyError, jwt.InvalidTokenError):
            return Response('{"error":"invalid_grant"}', 400, mimetype="application/json")
        mailbox.tokens += 1
        access = f"standin.{next(numbers)}.{claims['iat']}"
        issued.add(access)
        return _json({"access_token": access, "expires_in": _TOKEN_LIFE_S, "token_type": "Bearer"})

    @app.post("/v1/projects/<name>/messages:send")
    def send(name: str) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in issued or name != project:
            mailbox.answered("401")
            return _error(401, None, "the access token is not good for this project")
        answer = _answer(mailbox, project, request.get_json(silent=True))
        mailbox.answered(str(answer.status_code))
        return answer

    @app.post("/standin/revoke")
    def revoke() -> Response:
        issued.clear()
        return _json({})

    _add_controls(app, mailbox)
    return app


def _answer(mailbox: Mailbox, project: str, body: Any) -> Response:
    wrong = breaches(body)
    message = body["message"] if isinstance(body, dict) and isinstance(body.get("message"), dict) else {}
    address = str(message.get("token") or message.get("fid"))
    behaviour = mailbox.told(address)
    if delay_ms := behaviour.get("delay_ms"):
        time.sleep(delay_ms / 1000)
    if wrong:
        return _error(400, "INVALID_ARGUMENT", "; ".join(wrong))
    if "status" in behaviour:
        wait = behaviour.get("retry_after")
        return _error(behaviour["status"], behaviour.get("error_code"), "as asked for", wait)
    broken = next((way for way in _WAYS_TO_BREAK if behaviour.get(way)), None)
    if broken:
        request.environ["standin.break"](broken)
    if broken in ("cut", "refuse"):
        return Response(status=500)
    if body.get("validate_only"):
        return _json({"name": f"projects/{project}/messages/fake_message_id"})
    number = mailbox.accept(address, message)
    request.environ["standin.unheard"] = lambda: mailbox.unheard(number)
    if broken == "drop":
        mailbox.unheard(number)
    return _json({"name": f"projects/{project}/messages/{number}"})


def _add_controls(app: Flask, mailbox: Mailbox) -> None:
    @app.get("/standin")
    def counts() -> Response:
        return _json(mailbox.counts())

    @app.get("/standin/messages")
    def messages() -> Response:
        after, wait_s = int(request.args.get("after", 0)), min(60.0, float(request.args.get("wait", 0)))
        return _json({"messages": mailbox.after(after, wait_s), "requests": mailbox.requests})

    @app.post("/standin/behaviour")
    def behave() -> Response:
        with mailbox.changed:
            mailbox.behaviour.update(request.get_json())
        return _json({})

    @app.post("/standin/faults")
    def fail() -> Response:
        mailbox.faults = Faults(**request.get_json())
        return _json({})

    @app.delete("/standin")
    def reset() -> Response:
        mailbox.reset()
        return _json({})


def _error(status: int, code: str | None, text: str, retry_after: object = None) -> Response:
    details = [{"@type": _FCM_ERROR, "errorCode": code}] if code else []
    error = {"code": status, "message": text, "status": _STATUSES.get(status, "UNKNOWN"), "details": details}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Response(json.dumps({"error": error}), status, headers, mimetype="application/json")


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")
