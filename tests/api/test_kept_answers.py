"""What is kept beside an `Idempotency-Key` makes an answer again, and holds neither words nor secrets."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text, update

from api.again import _AGAIN, is_done_again
from api.resources import DECLARATIONS
from api.route import Declaration
from people.models import IdempotencyKey
from schemas.phone_queue import ANSWERS
from tests.api.operations import APP, OPERATIONS, json_body, least_query
from tests.stories.checkins import code, marker
from tests.stories.musters import calls
from tests.stories.phone_queue import queued, sends
from tests.stories.things import filled, things
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World

WORD = "xyzzyplugh"
# What an id, a moment of the wire, or a code of ours looks like; no name and no sentence does.
PLAIN = re.compile(r"[0-9a-f-]{36}|\d{4}-\d\d-\d\dT[0-9:.]+Z|[a-z]+(_[a-z]+)*")
WRITING = [
    declared
    for declared in APP.extensions[DECLARATIONS].values()
    if declared.method != "GET" and not declared.public and not declared.secret
]


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def kept(org: Organisation) -> list[Any]:
    """Whole rows, but the digest."""
    with org.world.worker.transaction() as session:
        rows = session.execute(
            text(
                "SELECT key, route, headers, body FROM idempotency_keys WHERE organisation_id = :org ORDER BY key"
            ),
            {"org": org.id},
        )
        return [list(row) for row in rows]


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for member in value.values():
            yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)
    else:
        yield value


def twice(phone: Phone, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
    """Ask, and ask again with the same key; returns both answers."""
    key = {"Idempotency_Key": f"k-{method}-{path}"[:200].replace("?", "-")}
    first = phone.request(method, path, body, **key, **headers)
    assert first.status_code < 300, first.get_data(as_text=True)
    again = phone.request(method, path, body, **key, **headers)
    assert again.status_code == (first.status_code if status == 200 else status), again.get_data(as_text=True)
    return first.get_json(silent=True), again.get_json(silent=True)


@pytest.mark.parametrize("declared", WRITING, ids=lambda declared: f"{declared.method} {declared.path}")
def test_every_answer_of_a_writing_route_can_be_made_again(declared: Declaration) -> None:
    answered = declared.answer is None or declared.answer in _AGAIN
    assert answered is not is_done_again(declared.answer), "say in api/again.py how its answer is made again"


def test_so_can_those_of_what_a_phone_queues() -> None:
    assert all(answer is None or answer in _AGAIN for answer in ANSWERS.values())


def worded(example: Any) -> Any:
    """An example with a word of its own in each free text."""
    spoken = ("text", "message", "name", "reason", "purpose")
    return {
        member: f"{WORD} {value} and more" if member in spoken and isinstance(value, str) else value
        for member, value in example.items()
    }


def test_no_route_keeps_words(org: Organisation) -> None:
    """Each writing route twice, by an administrator, with words in all that is said."""
    site = org.site(admission="open", name=f"{WORD} site")
    zone, mel = org.zone(site, name=f"{WORD} zone"), org.person(WORD.title(), scopes=[site])
    known = things(org, mel, site, zone)
    is_seen(org, org.admin, site)
    last = ("archive", "end_person", "sign_out", "remove", "delete", "end_", "leave", "withdraw")
    keeping = {
        name.rpartition(".")[2]
        for name, declared in APP.extensions[DECLARATIONS].items()
        if declared in WRITING
    }
    writing = [item for item in OPERATIONS if item[2]["operationId"] in keeping]
    done, differing = 0, list[str]()
    for method, path, operation in sorted(writing, key=lambda item: item[2]["operationId"].startswith(last)):
        body = worded(json_body(operation)["example"]) if "requestBody" in operation else None
        body = None if body is None else filled_in(body, known)
        where = filled(path, known) + least_query(operation)
        key = {"Idempotency_Key": operation["operationId"], "If_Match": "*"}
        first = org.admin.request(method, where, body, **key)
        if operation["operationId"] == "sign_out" or first.status_code >= 300:
            continue
        again = org.admin.request(method, where, body, **key)
        done += 1
        if again.status_code != first.status_code:
            differing.append(f"{operation['operationId']} {again.status_code}")
    assert differing == []
    assert done >= 30, done
    for key, route, headers, body in kept(org):
        assert WORD not in orjson.dumps([route, headers, body]).decode().lower(), key
        for leaf in leaves(body):
            assert not isinstance(leaf, str) or PLAIN.fullmatch(leaf), (key, leaf)


def filled_in(body: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    """An example whose ids are those of things that are there."""
    ids = {"person_id": known["person_id"], "post_id": known["post_id"], "place_id": known["place_id"]}
    ids_of_many = {"person_ids": [known["person_id"]], "scope_ids": [known["scope_id"]], "mentions": []}
    return {name: (ids | ids_of_many).get(name, value) for name, value in body.items()}


def test_the_code_of_an_invitation_is_told_once_and_kept_nowhere(org: Organisation) -> None:
    body = {"role": "organisation_administrator"}
    first, again = twice(org.admin, "POST", "/v1/admin/invitations", body)
    assert again == first | {"code": None}
    with org.world.owner() as connection:
        tables = connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        ).scalars()
        for table in tables.all():
            found = connection.exec_driver_sql(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s",  # noqa: S608 - a name from the catalogue
                (f"%{first['code']}%",),
            )
            assert found.scalar() == 0, table


@pytest.mark.parametrize("queued_too", [False, True])
def test_a_post_that_a_moderator_deleted_does_not_come_back(org: Organisation, queued_too: bool) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    item = queued("post", "client-01", scope_id=scope, text=WORD)

    def writes() -> Any:
        if queued_too:
            return sends(bob, item)[0]
        headers = {"Idempotency_Key": "k-1"}
        answer = bob.request("POST", f"/v1/scopes/{scope}/posts", {"text": WORD}, **headers)
        return {"status": answer.status_code, "body": answer.get_json()}

    first = writes()
    org.admin.delete(f"/v1/posts/{first['body']['id']}")
    again = writes()
    assert (first["status"], again["status"]) == (201, 201)
    assert (again["body"]["id"], again["body"]["text"]) == (first["body"]["id"], None)
    assert again["body"]["deleted_at"] is not None
    assert WORD not in str(kept(org))


def test_ones_own_words_come_again_as_they_stand(org: Organisation) -> None:
    bob, path = org.person("Bob"), f"/v1/scopes/{org.id}/posts"
    first = bob.post(path, {"text": "one"}, 201, Idempotency_Key="k-1")
    edited = bob.patch(f"/v1/posts/{first['id']}", {"text": "two"})
    assert bob.post(path, {"text": "one"}, 201, Idempotency_Key="k-1") == edited


def test_what_is_there_no_more_is_answered_as_a_get_would(org: Organisation) -> None:
    site = org.site(name=WORD)
    bob, other = org.person("Bob"), org.person("Mina")
    talk = {"person_ids": [other.id]}
    opened = bob.post("/v1/direct-conversations", talk, 201, Idempotency_Key="k-1")
    bob.delete(f"/v1/direct-conversations/{opened['scope']['id']}")
    bob.post("/v1/direct-conversations", talk, 404, Idempotency_Key="k-1")
    door = {"kind": "printed", "name": "Door"}
    put_up = org.admin.post(f"/v1/admin/places/{site}/markers", door, 201, Idempotency_Key="k-2")
    org.admin.delete(f"/v1/admin/markers/{put_up['id']}")
    org.admin.post(f"/v1/admin/places/{site}/markers", door, 404, Idempotency_Key="k-2")


def test_the_help_that_was_asked_for_is_kept_on_the_board_alone(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    is_seen(org, bob, site)
    muster = calls(org.admin, site)
    said = {
        "status": "need_help",
        "text": WORD,
        "point": {"type": "Point", "coordinates": [127.0, 37.5]},
    }
    first, again = twice(bob, "PUT", f"/v1/musters/{muster}/answer", said)
    assert first == again
    first, again = twice(org.admin, "PUT", f"/v1/musters/{muster}/entries/{bob.id}", said)
    assert first == again
    assert WORD not in str(kept(org))
    assert "127" not in str([row[3] for row in kept(org)])


def test_a_check_in_comes_again_as_the_visit_stands(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    shown = code(org, marker(org, site))
    said = {"kind": "code", "code": shown}
    first = bob.post("/v1/me/check-ins", said, 201, Idempotency_Key="k-1")
    bob.post("/v1/me/check-outs", {"place_id": site})
    again = bob.post("/v1/me/check-ins", said, 201, Idempotency_Key="k-1")
    assert [visit["id"] for visit in again["visits"]] == [visit["id"] for visit in first["visits"]]
    assert [visit["end_reason"] for visit in again["visits"]] == ["checked_out"]
    assert shown not in str(kept(org))


def test_what_was_kept_of_before_is_told_as_far_as_it_goes(org: Organisation) -> None:
    """As the migration leaves it: ids alone, or nothing."""
    bob, scope = org.person("Bob"), str(org.id)
    post = bob.post(f"/v1/scopes/{scope}/posts", {"text": "one"}, 201, Idempotency_Key="k-1")
    read = {"post_id": post["id"]}
    bob.request("PUT", f"/v1/scopes/{scope}/read", read, Idempotency_Key="k-2")
    with org.world.worker.transaction() as session:
        mine = update(IdempotencyKey).where(IdempotencyKey.person_id == UUID(bob.id))
        session.execute(
            mine.where(IdempotencyKey.key == "k-1").values(kept={"id": post["id"], "scope_id": scope})
        )
        session.execute(mine.where(IdempotencyKey.key == "k-2").values(kept=None))
    assert bob.post(f"/v1/scopes/{scope}/posts", {"text": "one"}, 201, Idempotency_Key="k-1") == post
    refused = bob.request("PUT", f"/v1/scopes/{scope}/read", read, Idempotency_Key="k-2")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "answer_not_kept")
