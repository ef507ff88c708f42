"""docs/events.md and /asyncapi.json tell every event as it is declared, and what is written to the journal is so."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from api.events import TARGET, built
from journal.catalogue import CATALOGUE
from journal.event_types import EventType
from journal.tail import read_all, wire_event
from schemas.events import PAYLOADS
from tests.stories.visits import is_seen
from tests.world import World

TYPES = pytest.mark.parametrize("event_type", CATALOGUE.values(), ids=CATALOGUE)


def test_the_page_is_up_to_date() -> None:
    assert TARGET.read_text() == built(), "run `make events`"


def test_every_payload_is_a_schema_and_every_schema_a_payload() -> None:
    assert {declared.payload for declared in CATALOGUE.values()} == PAYLOADS.keys()


@TYPES
def test_the_members_that_a_declaration_names_are_in_its_payload(event_type: EventType) -> None:
    members = {field.data_key or field.name for field in PAYLOADS[event_type.payload]().fields.values()}
    named = event_type.personal | event_type.survives.keys()
    if (about := event_type.about) is not None:
        named |= {about.member, *(["source"] if about.source else [])}
    assert named <= members


@TYPES
def test_what_is_emptied_in_time_tells_of_persons(event_type: EventType) -> None:
    assert event_type.about is None or event_type.personal


def test_what_is_written_is_what_is_described(fresh_world: World) -> None:
    org = fresh_world.organisation()
    site = org.site(grace_seconds=0)
    bob = org.person("Bob", scopes=[site])
    is_seen(org, bob, site)
    org.admin.patch(f"/v1/admin/scopes/{site}", {"read_receipts": True})
    post = org.admin.posts(site, "@Bob", mentions=[bob.id])
    bob.put(f"/v1/scopes/{site}/read", {"post_id": post["id"]})
    org.admin.patch(f"/v1/posts/{post['id']}", {"text": "changed"})
    org.admin.delete(f"/v1/posts/{post['id']}")
    org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "Fire alarm"}, 201)
    org.admin.delete(f"/v1/admin/sites/{site}", If_Match="*")
    bob.delete("/v1/sessions/current")
    fresh_world.relays()
    with fresh_world.worker.transaction() as session:
        events = read_all(session, 0)
    schemas = {name: PAYLOADS[declared.payload]() for name, declared in CATALOGUE.items()}
    faults = {event.type: schemas[event.type].validate(event.payload) for event in events}
    assert {name: fault for name, fault in faults.items() if fault} == {}
    document = fresh_world.app.test_client().get("/asyncapi.json").get_json()
    for event in events:
        message(document, event.type).validate(wire_event(event))
    assert {"scope.updated", "read.advanced", "membership.ended", "muster.started"} <= faults.keys()


def test_every_reference_of_the_socket_s_document_leads_somewhere(world: World) -> None:
    document = world.app.test_client().get("/asyncapi.json").get_json()
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["events"]["messages"].keys() == CATALOGUE.keys()
    assert references(document)
    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_the_socket_s_document_tells_one_event_from_another(world: World) -> None:
    document = world.app.test_client().get("/asyncapi.json").get_json()
    names = [document["components"]["messages"][name]["payload"]["allOf"][1] for name in CATALOGUE]
    assert [members["properties"]["type"] for members in names] == [{"const": name} for name in CATALOGUE]


def message(document: dict[str, Any], name: str) -> Draft202012Validator:
    """What the document says of an event's payload."""
    said = document["components"]["messages"][name]["payload"]
    return Draft202012Validator({**said, "components": document["components"]})


def references(part: Any) -> set[str]:
    """All `$ref` in a part of a document."""
    if isinstance(part, list):
        return set[str]().union(*map(references, part))
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set[str]()
    return own.union(*map(references, part.values()))
