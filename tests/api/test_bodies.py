"""The token comes before the body, and no body is larger than its route says."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api import bounds
from api.app import create_app
from api.document import openapi
from api.resources import DECLARATIONS, RESOURCES
from api.route import Declaration, Routes
from base import clock, ids
from base.settings import load_settings
from people.permissions import Permission
from people.sign_in.keys import FIRST, Keys
from people.sign_in.tokens import TokenMaker
from tests.api.operations import UNCONNECTED
from tests.world import World

APP = create_app(load_settings(UNCONNECTED))
ALL: dict[str, Declaration] = APP.extensions[DECLARATIONS]
CLOSED = {name: declared for name, declared in ALL.items() if not declared.public}
LARGER = {
    "outbox.send_queued": bounds.QUEUE,
    "admin-drafts.check_draft": bounds.BOUNDARY,
    "admin-drafts.rehearse_draft": bounds.BOUNDARY,
    "admin-places.create_site": bounds.BOUNDARY,
    "admin-places.create_zone": bounds.BOUNDARY,
    "admin-places.edit_site": bounds.BOUNDARY,
    "admin-places.edit_zone": bounds.BOUNDARY,
    "admin-places.import_collection": bounds.IMPORT,
    "admin-imports.import_streaming": bounds.IMPORT,
    "admin-imports.import_file": bounds.IMPORT,
    "admin-invitations.invite_from_file": bounds.INVITATIONS,
}


@pytest.fixture(scope="module")
def clock_held(shared_world: World) -> None:
    """Tokens are judged by the database's clock and keys, which this application, without a database, cannot ask."""
    with shared_world.web.transaction():
        pass
    keys: Keys = APP.extensions["hereabouts"].tokens.keys
    keys._look = lambda: (FIRST,)
    keys.look()


class Untouchable(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise AssertionError("the body was read")


class Endless(io.RawIOBase):
    """A body of spaces that never ends, and how much of it was read."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b" " * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


def asks(app: Flask, name: str, token: str, body: io.RawIOBase, length: int | None) -> TestResponse:
    """Call a route as a client does that has sent its headers alone; without a length, in chunks."""
    rule = next(app.url_map.iter_rules(name))
    anything = dict.fromkeys(rule.arguments, ids.new_id())
    with app.test_request_context():
        path = app.url_for(name, **anything)
    told = {"HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {"CONTENT_LENGTH": str(length)}
    return app.test_client().open(
        path,
        method=ALL[name].method,
        headers={"Authorization": token, "Content-Type": "application/json"},
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, **told},
    )


def token_of(world: World) -> str:
    return f"Bearer {world.organisation().admin.tokens['access_token']}"


@pytest.mark.usefixtures("clock_held")
@pytest.mark.parametrize("name", CLOSED)
def test_nothing_of_a_body_is_read_without_a_good_token(name: str) -> None:
    forger = TokenMaker("another installation's secret, long enough", 900)
    forged = forger.access_token(ids.new_id(), ids.new_id(), clock.now())
    bad = {"": "unauthenticated", "Bearer nonsense": "unauthenticated", f"Bearer {forged}": "token_expired"}
    for token, code in bad.items():
        answer = asks(APP, name, token, Untouchable(), 100)
        assert (answer.status_code, answer.get_json()["code"]) == (401, code)


def test_with_a_good_token_it_is_read(world: World) -> None:
    assert asks(world.app, "me.edit_me", token_of(world), Untouchable(), 100).status_code == 500


def test_a_body_that_is_too_large_is_refused_unread_by_every_route(world: World) -> None:
    token = token_of(world)
    for name, declared in ALL.items():
        answer = asks(world.app, name, token, Untouchable(), declared.most_bytes + 1)
        assert answer.mimetype == "application/problem+json"
        problem = answer.get_json()
        assert (answer.status_code, problem["code"]) == (413, "too_large"), name
        assert problem["max_body"] == declared.most_bytes


def test_a_body_without_an_end_is_read_no_further_than_its_bound(world: World) -> None:
    endless = Endless()
    answer = asks(world.app, "sessions.sign_in", "", endless, None)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")
    assert endless.taken <= bounds.PUBLIC + 1


def test_a_body_may_be_as_large_as_its_bound(world: World) -> None:
    org = world.organisation()
    token = {"Authorization": f"Bearer {org.admin.tokens['access_token']}"}
    path, client = f"/v1/scopes/{org.id}/posts", world.app.test_client()
    for size, status in ((bounds.USUAL, 201), (bounds.USUAL + 1, 413)):
        body = b'{"text": "x"}'.ljust(size)
        answer = client.post(path, data=body, content_type="application/json", headers=token)
        assert answer.status_code == status


def test_only_these_routes_take_more_than_the_usual() -> None:
    assert {n: d.most_bytes for n, d in ALL.items() if d.most_bytes > bounds.USUAL} == LARGER
    assert all(declared.most_bytes <= bounds.PUBLIC for declared in ALL.values() if declared.public)


def test_the_document_tells_every_bound() -> None:
    told = {
        operation["operationId"]: operation["x-max-body"]
        for operations in openapi(APP)["paths"].values()
        for method, operation in operations.items()
        if method != "parameters"
    }
    assert told == {name.partition(".")[2]: declared.most_bytes for name, declared in ALL.items()}


def test_every_file_with_routes_is_registered() -> None:
    api = Path(__file__).resolve().parents[2] / "api"
    with_routes = {
        ".".join(path.relative_to(api).with_suffix("").parts)
        for path in api.rglob("*.py")
        if "\nroutes = Routes(" in path.read_text()
    }
    assert with_routes == set(RESOURCES)
    assert len(RESOURCES) == len(with_routes)


def test_a_route_says_who_may_call_it() -> None:
    routes = Routes("x", "x")
    with pytest.raises(ValueError, match="name a permission"):
        routes.route("GET", "/x")
    with pytest.raises(ValueError, match="name a permission"):
        routes.route("GET", "/x", permission=Permission.ACCOUNT_USE, public=True)


ENCODED = ["gzip", "deflate", "br", "zstd", "identity, gzip", "x"]


@pytest.mark.parametrize("encoding", ENCODED)
def test_no_body_is_unpacked_and_none_that_is_packed_read(world: World, encoding: str) -> None:
    rule = "/v1/me"
    answer = world.app.test_client().patch(
        rule,
        headers={
            "Authorization": token_of(world),
            "Content-Type": "application/json",
            "Content-Encoding": encoding,
        },
        environ_overrides={"wsgi.input": Untouchable(), "CONTENT_LENGTH": "100"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "99999999999999999999", "１", " ", "1, 1"])
def test_no_length_makes_a_body_be_read_beyond_its_bound(world: World, length: str) -> None:
    for terminated in (True, False):
        endless = Endless()
        answer = world.app.test_client().post(
            "/v1/sessions",
            headers={"Content-Type": "application/json"},
            environ_overrides={
                "wsgi.input": endless,
                "wsgi.input_terminated": terminated,
                "CONTENT_LENGTH": length,
            },
        )
        assert 400 <= answer.status_code < 500
        assert endless.taken <= bounds.PUBLIC + 1


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_forms_are_not_taken_apart(world: World, kind: str) -> None:
    fields = b"&".join(b"a%d=1" % number for number in range(5_000))
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="g"\r\n\r\n1\r\n' for _ in range(900)
    )
    for body in (fields, parts + b"--x--\r\n"):
        answer = world.app.test_client().post("/v1/sessions", data=body, content_type=kind)
        assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")
        assert answer.request.content_length is not None
