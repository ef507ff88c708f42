"""What FCM's published schema and documented limits ask of a message. Returns a sentence for each breach."""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

MAX_PAYLOAD = 4_096
MAX_TTL_S = 28 * 86_400
_DURATION = re.compile(r"\d+(\.\d{1,9})?s")
_ADDRESS = re.compile(r"[A-Za-z0-9:_\-]{8,4096}")
_TOPIC = re.compile(r"[A-Za-z0-9\-_.~%]{1,900}")
_PUSH_TYPES = {
    "alert",
    "background",
    "location",
    "voip",
    "complication",
    "fileprovider",
    "mdm",
    "liveactivity",
}
_APNS_HEADERS: dict[str, Callable[[str], bool]] = {
    "apns-priority": lambda value: value in ("1", "5", "10"),
    "apns-collapse-id": lambda value: 0 < len(value.encode()) <= 64,
    "apns-expiration": lambda value: re.fullmatch(r"\d{1,10}", value) is not None,
    "apns-push-type": lambda value: value in _PUSH_TYPES,
    "apns-id": lambda value: (
        re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value) is not None
    ),
    "apns-topic": lambda value: value != "",
}
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
    for rule in (_target, _data, _android, _apns, _images, _size):
        found += rule(message)
    return found


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
    elif targets[0] == "topic" and not _TOPIC.fullmatch(str(message["topic"])):
        yield "the topic's name is not a valid one"


def _data(message: dict[str, Any]) -> Iterator[str]:
    for where, part in (("data", message), ("android.data", _part(message, "android"))):
        for key, value in _part(part, "data").items():
            if not isinstance(value, str):
                yield f"{where}.{key} is not a string"
            if key in ("from", "message_type") or key.startswith(("google.", "gcm.")):
                yield f"{where}.{key} is reserved"


def _android(message: dict[str, Any]) -> Iterator[str]:
    ttl = _part(message, "android").get("ttl")
    if ttl is not None and (not _DURATION.fullmatch(str(ttl)) or float(str(ttl)[:-1]) > MAX_TTL_S):
        yield "android.ttl is not a duration of at most 28 days"


def _apns(message: dict[str, Any]) -> Iterator[str]:
    apns = _part(message, "apns")
    for name, value in _part(apns, "headers").items():
        good = _APNS_HEADERS.get(name.lower())
        if good is None or not isinstance(value, str) or not good(value):
            yield f"apns.headers.{name} is not what APNs takes"
    headers, aps = _part(apns, "headers"), _part(_part(apns, "payload"), "aps")
    if headers.get("apns-push-type") == "background" and headers.get("apns-priority") == "10":
        yield "apns.headers.apns-priority is 5 for a background push"
    if apns.get("payload") is not None and "aps" not in apns["payload"]:
        yield "apns.payload has no aps"
    if aps.get("interruption-level", "active") not in ("passive", "active", "time-sensitive", "critical"):
        yield "apns.payload.aps.interruption-level is none that iOS knows"


def _images(message: dict[str, Any]) -> Iterator[str]:
    android, apns = _part(message, "android"), _part(message, "apns")
    places = (message, "notification"), (android, "notification"), (apns, "fcm_options")
    for image in [_part(holder, name).get("image") for holder, name in places]:
        if image is not None and not str(image).startswith("https://"):
            yield "an image's address begins with https://"


def _size(message: dict[str, Any]) -> Iterator[str]:
    """Google counts what the phone is handed: notification and data; APNs counts its own payload with them."""
    common = {"notification": _part(message, "notification"), "data": _part(message, "data")}
    for counted in (common, _part(_part(message, "apns"), "payload")):
        if len(json.dumps(counted, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_PAYLOAD:
            yield f"the payload is larger than {MAX_PAYLOAD} bytes"


def _part(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that is an object; what is none is told of by the check against the schema."""
    part = holder.get(name)
    return part if isinstance(part, dict) else {}


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)
