"""What FCM's published schema and documented limits ask of a message. Returns a sentence for each breach."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

MAX_PAYLOAD = 4_096
MAX_TTL_S = 28 * 86_400
_DURATION = re.compile(r"\d+(\.\d{1,9})?s")
_ADDRESS = re.compile(r"[A-Za-z0-9:_\-]{8,4096}")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


def breaches(request: Any) -> list[str]:
    """Everything that is wrong with a send request."""
    if not isinstance(request, dict) or not isinstance(request.get("message"), dict):
        return ["the request has no message"]
    found = list(_against_schema(request, "SendMessageRequest", "request"))
    message = request["message"]
    return (
        found + list(_target(message)) + list(_data(message)) + list(_android(message)) + list(_size(message))
    )


@lru_cache
def _schemas() -> dict[str, Any]:
    """Google's own description of FCM v1, from the package google-api-python-client."""
    document = files("googleapiclient") / "discovery_cache" / "documents" / "fcm.v1.json"
    return json.loads(document.read_text())["schemas"]


def _against_schema(value: Any, name: str, where: str) -> Iterator[str]:
    properties = _schemas()[name].get("properties", {})
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    for key, member in value.items():
        known = properties.get(_camel(key))
        if known is None:
            yield f"{where}.{key} is not known"
        else:
            yield from _member(member, known, f"{where}.{key}")


def _member(value: Any, known: dict[str, Any], where: str) -> Iterator[str]:
    if "$ref" in known:
        yield from _against_schema(value, known["$ref"], where)
        return
    expected = _TYPES.get(known.get("type", "any"), (object,))
    if not isinstance(value, expected) or (
        isinstance(value, bool) and bool not in expected and object not in expected
    ):
        yield f"{where} has the wrong type"
    elif known.get("enum") and str(value).upper() not in known["enum"]:
        yield f"{where} is none of {known['enum']}"


def _target(message: dict[str, Any]) -> Iterator[str]:
    targets = [key for key in ("token", "topic", "condition", "fid") if message.get(key)]
    if len(targets) != 1:
        yield "a message has exactly one target"
    elif targets[0] in ("token", "fid") and not _ADDRESS.fullmatch(str(message[targets[0]])):
        yield "the registration token is not a valid FCM registration token"


def _data(message: dict[str, Any]) -> Iterator[str]:
    for key, value in (message.get("data") or {}).items():
        if not isinstance(value, str):
            yield f"data.{key} is not a string"
        if key in ("from", "message_type") or key.startswith(("google.", "gcm.")):
            yield f"data.{key} is reserved"


def _android(message: dict[str, Any]) -> Iterator[str]:
    ttl = (message.get("android") or {}).get("ttl")
    if ttl is not None and (not _DURATION.fullmatch(str(ttl)) or float(str(ttl)[:-1]) > MAX_TTL_S):
        yield "android.ttl is not a duration of at most 28 days"


def _size(message: dict[str, Any]) -> Iterator[str]:
    counted = {"notification": message.get("notification") or {}, "data": message.get("data") or {}}
    if len(json.dumps(counted, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_PAYLOAD:
        yield f"the payload is larger than {MAX_PAYLOAD} bytes"


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)
