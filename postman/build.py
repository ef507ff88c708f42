"""`python -m postman.build` writes the collection from the API document and the flows."""

import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from api.app import create_app
from api.document import openapi
from base.settings import load_settings

HERE = Path(__file__).resolve().parent
TARGET = HERE / "hereabouts.postman_collection.json"
_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_METHODS = ("get", "post", "put", "patch", "delete")
_PROBLEM = {
    "type": "/errors#unauthenticated",
    "title": "Sign in first",
    "status": 401,
    "detail": "Sign in first",
    "code": "unauthenticated",
    "request_id": "01a20a00-0000-7000-8000-000000000000",
    "errors": [],
}
_SAMPLES = {
    "uuid": "01a20a00-0000-7000-8000-000000000000",
    "date-time": "2026-01-01T00:00:00.000Z",
    "date": "2026-01-01",
}
# RFC 6238, with what Postman has at hand.
_TOTP = [
    "const shows = (variable, secret) => {",
    "    const bits = [...pm.variables.get(secret)].map(letter =>",
    "        'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');",
    "    const key = bits.match(/.{8}/g).map(byte => parseInt(byte, 2).toString(16).padStart(2, '0')).join('');",
    "    const step = Math.floor(Date.now() / 30000).toString(16).padStart(16, '0');",
    "    const hex = text => CryptoJS.enc.Hex.parse(text);",
    "    const mac = CryptoJS.HmacSHA1(hex(step), hex(key)).toString();",
    "    const number = parseInt(mac.substr(2 * parseInt(mac.slice(-1), 16), 8), 16) & 0x7fffffff;",
    "    pm.collectionVariables.set(variable, String(number % 1000000).padStart(6, '0'));",
    "};",
]
# Asked with the token of whoever runs it, this would sign out other operators, too.
_OWN_TOKENS = {"end_my_other_sessions": "sua_token"}


def collection(document: dict[str, Any], flows: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole collection: flows to run in order, then a request for every operation."""
    return {
        "info": {
            "name": "Hereabouts",
            "description": document["info"]["description"],
            "schema": _SCHEMA,
        },
        "auth": _bearer("token"),
        "item": [
            {"name": "Flows", "item": [_flow(step) for step in flows]},
            {"name": "Reference", "item": _reference(document)},
        ],
    }


def _flow(step: dict[str, Any]) -> dict[str, Any]:
    headers, host = step.get("headers", {}), step.get("host", "address")
    request = _request(step["method"], step["path"], step.get("body"), headers, host)
    if step.get("auth") is False:
        request["auth"] = {"type": "noauth"}
    elif "token" in step:
        request["auth"] = _bearer(step["token"])
    lines = [
        f"pm.test('answers {step['status']}', () => pm.response.to.have.status({step['status']}));",
        "const inside = (whole, path) => path.split('.').reduce((value, key) => value[key], whole);",
        "const member = path => inside(pm.response.json(), path);",
    ]
    for path, value in step.get("expect", {}).items():
        lines.append(f"pm.test('{path}', () => pm.expect(member('{path}')).to.eql({json.dumps(value)}));")
    for path, wanted in step.get("has", {}).items():
        lines += _has(path, wanted)
    for variable, path in step.get("keep", {}).items():
        lines.append(f"pm.collectionVariables.set('{variable}', member('{path}'));")
    events = [_script("test", lines)]
    for variable, secret in step.get("totp", {}).items():  # what an authenticator app shows now
        events.insert(0, _script("prerequest", [*_TOTP, f"shows('{variable}', '{secret}');"]))
    if "begins" in step:  # a name for this run, in whatever has to be this run's own
        begins = f"pm.collectionVariables.set('{step['begins']}', pm.variables.replaceIn('{{{{$guid}}}}'));"
        events.insert(0, _script("prerequest", [begins]))
    if "before" in step:  # what a phone works out before it asks
        scripts = [(HERE / "scripts" / f"{name}.js").read_text() for name in step["before"]]
        events.insert(0, _script("prerequest", "".join(scripts).splitlines()))
    return {"name": step["name"], "request": request, "event": events, "response": []}


def _has(path: str, wanted: dict[str, Any]) -> list[str]:
    """Some item of a list is so: others may have written meanwhile, and before."""
    text = json.dumps(wanted)
    return [
        f"const wanted = Object.entries(JSON.parse(pm.variables.replaceIn({json.dumps(text)})));",
        "const isSo = item => wanted.every(([path, value]) => inside(item, path) === value);",
        f"pm.test('{path}', () => pm.expect(member('{path}').some(isSo)).to.be.true);",
    ]


def _reference(document: dict[str, Any]) -> list[dict[str, Any]]:
    folders: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                folders.setdefault(operation["tags"][0], []).append(
                    _operation(document, path, method, operation)
                )
    # Signing out comes last: the requests before it need the session.
    order = sorted(folders, key=lambda name: name == "sessions")
    return [{"name": name, "item": folders[name]} for name in order]


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    filled = re.sub(r"\{(\w+)\}", lambda found: "{{" + _variable(found[1], path) + "}}", path)
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query" and parameter.get("required"):
            filled += f"?{parameter['name']}={quote(str(_sample(document, parameter['schema'])))}"
    request = _request(method.upper(), filled, body, {})
    request["description"] = operation.get("summary", "")
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    elif own := _OWN_TOKENS.get(operation["operationId"]):
        request["auth"] = _bearer(own)
    lines = [
        "pm.test('is an answer and no fault', () => pm.expect(pm.response.code).to.be.below(500));",
        "if (pm.response.code >= 400) pm.test('a refusal is a problem', () =>",
        "    pm.expect(pm.response.headers.get('Content-Type')).to.include('application/problem+json'));",
    ]
    examples = _examples(document, request, operation)
    return {
        "name": operation.get("summary") or operation["operationId"],
        "request": request,
        "event": [_script("test", lines)],
        "response": examples,
    }


def _variable(name: str, path: str) -> str:
    """Which of the flows' variables stands for a path's parameter."""
    if name == "place_id":
        return "site_id" if "/sites/" in path else "zone_id"
    return "organisation_id" if name == "scope_id" else name


def _examples(
    document: dict[str, Any], request: dict[str, Any], operation: dict[str, Any]
) -> list[dict[str, Any]]:
    status, answer = next((int(s), a) for s, a in operation["responses"].items() if s.startswith("2"))
    schema = _json_schema(answer)
    good = "" if schema is None else json.dumps(_sample(document, schema), indent=2, ensure_ascii=False)
    refusal = json.dumps(_PROBLEM, indent=2)
    return [
        _example("Done", request, status, good, "application/json"),
        _example("Refused", request, 401, refusal, "application/problem+json"),
    ]


def _example(name: str, request: dict[str, Any], code: int, body: str, content_type: str) -> dict[str, Any]:
    header = [{"key": "Content-Type", "value": content_type}] if body else []
    return {
        "name": name,
        "originalRequest": request,
        "code": code,
        "status": "",
        "header": header,
        "body": body,
    }


def _json_schema(holder: dict[str, Any]) -> dict[str, Any] | None:
    return holder.get("content", {}).get("application/json", {}).get("schema")


def _sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value of a schema; recursive, small."""
    if "$ref" in schema:
        return _sample(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    for combination in ("allOf", "anyOf", "oneOf"):
        if combination in schema:
            return _sample(document, schema[combination][0])
    for told in ("example", "default"):
        if told in schema:
            return schema[told]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: _sample(document, member) for name, member in schema.get("properties", {}).items()}
    if kind == "array":
        return [_sample(document, schema.get("items", {}))]
    samples = {"integer": schema.get("minimum", 1), "number": 0.0, "boolean": True}
    return samples.get(str(kind), _SAMPLES.get(schema.get("format", ""), "text"))


def _request(
    method: str, path: str, body: Any, headers: dict[str, str], host: str = "address"
) -> dict[str, Any]:
    """A request to the server, or to what another variable names (`mailbox`: the stand-in that takes messages)."""
    bare, _, query = path.partition("?")
    url: dict[str, Any] = {
        "raw": f"{{{{{host}}}}}{path}",
        "host": [f"{{{{{host}}}}}"],
        "path": bare.strip("/").split("/"),
    }
    if query:
        url["query"] = [
            dict(zip(("key", "value"), pair.split("="), strict=True)) for pair in query.split("&")
        ]
    request: dict[str, Any] = {
        "method": method,
        "url": url,
        "header": [{"key": name, "value": value} for name, value in headers.items()],
    }
    if body is not None:
        raw = json.dumps(body, indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return request


def _bearer(variable: str) -> dict[str, Any]:
    token = {"key": "token", "value": f"{{{{{variable}}}}}", "type": "string"}
    return {"type": "bearer", "bearer": [token]}


def _script(when: str, lines: list[str]) -> dict[str, Any]:
    return {"listen": when, "script": {"type": "text/javascript", "exec": lines}}


def flows() -> list[dict[str, Any]]:
    """The steps of all flows: file by file, in the order of their names."""
    return [step for path in sorted((HERE / "flows").glob("*.json")) for step in json.loads(path.read_text())]


def built() -> str:
    """The collection as the file holds it."""
    app = create_app(load_settings({"DATABASE_URL": "postgresql:///none", "SECRET_KEY": "-" * 32}))
    return json.dumps(collection(openapi(app), flows()), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(built())
    sys.stdout.write(f"{TARGET}\n")
