"""The AsyncAPI document: what comes over the socket, made from the declarations of `journal/catalogue.py`.

`python -m api.asyncapi` prints it; the application serves it at /asyncapi.json.
"""

import sys
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from journal.catalogue import CATALOGUE
from journal.event_types import EventType, Reach
from schemas.events import PAYLOADS, Event

_DESCRIPTION = """\
The events of a private social network that belongs to places, as Socket.IO carries them: each is a Socket.IO event
named by its `type`, with the message's payload as its one argument. The same come from `GET /v1/sync` (/openapi.json).

They may come twice, or out of order: sync alone moves an app's position, and what comes live is a hint to sync from
there. New types come without notice: let pass what you do not know. What is told on the socket besides (`ready`, who
types, who is online) is kept nowhere and is not listed here.
"""


def document() -> dict[str, Any]:
    """The whole document, AsyncAPI 3.0."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hereabouts",
            "version": "v1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "/socket.io/",
                "description": (
                    'Socket.IO v5. Connect with `auth: {"token": access token, "epoch": of what you keep}`. '
                    'First comes `ready {"position", "epoch"}`: what follows is after that position, in that epoch.'
                ),
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in CATALOGUE},
            }
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "summary": "The server tells whoever an event reaches, in the journal's order",
            }
        },
        "components": {
            "messages": {name: _message(declared) for name, declared in CATALOGUE.items()},
            "schemas": _schemas(),
        },
    }


def _message(declared: EventType) -> dict[str, Any]:
    members = {
        "type": {"const": declared.name},
        "scope_id": {"type": "null" if declared.reach in (Reach.PERSON, Reach.NOBODY) else "string"},
        "data": {"anyOf": [{"$ref": f"#/components/schemas/{declared.payload}"}, {"type": "null"}]},
    }
    return {
        "name": declared.name,
        "summary": f"Reaches {declared.to}",
        "payload": {
            "allOf": [{"$ref": f"#/components/schemas/{Event.__name__}"}, {"properties": members}],
        },
        "x-version": declared.version,
        "x-reach": declared.reach.value,
        "x-personal": sorted(declared.personal),
        "x-survives-erasing": sorted(declared.survives),
    }


def _schemas() -> dict[str, Any]:
    spec = APISpec("Hereabouts", "v1", "3.1.0", plugins=[MarshmallowPlugin()])
    for schema in (Event, *PAYLOADS.values()):
        if schema.__name__ not in spec.components.schemas:  # perhaps as a part of one before
            spec.components.schema(schema.__name__, schema=schema)
    return spec.to_dict()["components"]["schemas"]


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(document(), option=orjson.OPT_INDENT_2) + b"\n")
