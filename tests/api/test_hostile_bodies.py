"""Bodies that are meant to cost: each is refused in little time and few words."""

import time
from typing import Any

import orjson
import pytest
from flask import g

from api import bounds
from api.parsing import arguments, read_body
from api.problems import Refusal
from api.resources import DECLARATIONS
from api.route import Declaration
from api.strict_json import NotJson, TooDeep, TooMany, read_json
from base.errors import Invalid, Problem
from schemas.base import MOST_FAULTS, SOME_TIME
from tests.api.operations import APP
from tests.stories.garbage import PILE
from tests.world import World

ALL: dict[str, Declaration] = APP.extensions[DECLARATIONS]
MOST_S = 0.1
FIXES, OUTBOX, POST, SIGN_IN = (
    "fixes.report_fixes",
    "outbox.send_queued",
    "posts.publish_post",
    "sessions.sign_in",
)
REHEARSAL, EVENTS, INVITATION = (
    "admin-drafts.rehearse_draft",
    "check-ins.report_region_events",
    "admin-invitations.create_invitation",
)


def many(item: str, endpoint: str) -> str:
    """As many of an item as the route's body has room for."""
    return ",".join([item] * ((ALL[endpoint].most_bytes - 500) // (len(item) + 1)))


def unknown(most_bytes: int) -> str:
    """As many members as there is room for, which no schema knows."""
    return "{" + ",".join(f'"{number}":0' for number in range(most_bytes // 12)) + "}"


HOSTILE = {
    "members that nobody knows, without a token": (SIGN_IN, unknown(bounds.PUBLIC)),
    "members that nobody knows, in a queue": (OUTBOX, unknown(bounds.QUEUE)),
    "marks piled on one letter, without a token": (SIGN_IN, '{"email":"a' + "\u0315\u0301" * 15_000 + '"}'),
    "a password of marks": (SIGN_IN, '{"password":"a' + "\u0315\u0301" * 15_000 + '"}'),
    "marks piled on a post": (POST, '{"text":"a' + "\u0315\u0301" * 60_000 + '"}'),
    "marks piled on a post that is short enough": (POST, '{"text":"a' + "\u0315\u0301" * 4_999 + '"}'),
    "mentions of nobody": (POST, '{"text":"x","mentions":[' + many("0", POST) + "]}"),
    "fixes of nothing": (FIXES, '{"fixes":[' + many("{}", FIXES) + "]}"),
    "fixes of members that nobody knows": (FIXES, '{"fixes":[' + many(unknown(2_500), FIXES) + "]}"),
    "fixes of nothing, and a NUL": (FIXES, '{"a":"\\u0000","fixes":[' + many("[]", FIXES) + "]}"),
    "fixes of nothing, and half an emoji": (FIXES, '{"a":"\\ud800","fixes":[' + many("[]", FIXES) + "]}"),
    "lists in lists": (POST, '{"text":' + "[" * 1_000 + "]" * 1_000 + "}"),
    "pairs of lists in lists": (POST, '{"text":[' + many("[[[[[[]]]]]]", POST) + "]}"),
    "quotes in a text without an end": (POST, '{"text":"' + '\\"' * 100_000),
    "a queue of nothing": (OUTBOX, f'{{"sent_at":"{SOME_TIME}","items":[{many("{}", OUTBOX)}]}}'),
    "a queue of nothing, and a NUL": (OUTBOX, '{"a":"\\u0000","items":[' + many("{}", OUTBOX) + "]}"),
    "a long text with a NUL": (OUTBOX, '{"items":[],"a":"\\u0000' + "x" * 5_000_000 + '"}'),
    "a text of backslashes with a NUL": (OUTBOX, '{"items":[],"a":"' + "\\" * 5_000_000 + '\\u0000"}'),
    "a text of quotes with a NUL": (OUTBOX, '{"items":[],"a":"' + '\\"' * 2_500_000 + '\\u0000"}'),
    "a track of nothing": (REHEARSAL, '{"geometry":0,"fixes":[' + many("{}", REHEARSAL) + "]}"),
    "a track of ten thousand times nothing": (
        REHEARSAL,
        '{"geometry":0,"fixes":[' + ",".join(["{}"] * 10_000) + "]}",
    ),
    "events of nothing": (EVENTS, '{"events":[' + many("{}", EVENTS) + "]}"),
    "an invitation to everywhere": (INVITATION, '{"scope_ids":[' + many("0", INVITATION) + "]}"),
}


def refused(endpoint: str, body: str) -> tuple[Problem, bytes, float]:
    """The refusal of a body, as it goes out, and how much of the processor it took."""
    declared = ALL[endpoint]
    assert len(body.encode()) <= declared.most_bytes
    sent = {"method": declared.method, "data": body.encode(), "content_type": "application/json"}
    with APP.test_request_context("/", **sent):
        g.request_id = "x" * 36
        read_body(declared.most_bytes)
        began = time.thread_time()
        try:
            arguments(declared)
        except Problem as problem:
            return problem, Refusal.of(problem).response().get_data(), time.thread_time() - began
    raise AssertionError("it was taken")


@pytest.mark.parametrize(("endpoint", "body"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_meant_to_cost_costs_little(endpoint: str, body: str) -> None:
    problem, answer, first = refused(endpoint, body)
    assert problem.status in (400, 422)
    assert len(answer) < 10_000
    assert min(first, *(refused(endpoint, body)[2] for _ in range(2))) < MOST_S


def test_so_many_faults_are_told_and_that_there_are_more(world: World) -> None:
    alice = world.organisation().person("Alice")
    for number, more in (
        (MOST_FAULTS - 1, False),
        (MOST_FAULTS, False),
        (MOST_FAULTS + 1, True),
        (1_000, True),
    ):
        problem = alice.patch("/v1/me", {f"x{i}": 0 for i in range(number)}, 422)
        assert len(problem["errors"]) == min(number, MOST_FAULTS)
        assert problem.get("more_errors", False) is more
        assert {error["message"] for error in problem["errors"]} == {"Unknown field."}


def test_known_members_are_no_faults_where_there_are_too_many(world: World) -> None:
    alice = world.organisation().person("Alice")
    problem = alice.patch("/v1/me", {"name": "Al", "locale": "en"} | {f"x{i}": 0 for i in range(500)}, 422)
    assert not {"/name", "/locale"} & {error["pointer"] for error in problem["errors"]}


def test_what_was_sent_is_not_sent_back_at_length(world: World) -> None:
    org = world.organisation()
    long = "y" * 60_000
    answers = [
        org.admin.request("PATCH", "/v1/me", {long: 0}),
        org.admin.request("POST", "/v1/me/fixes", {"fixes": [{long: 0}]}),
        org.admin.request(
            "POST",
            "/v1/me/outbox",
            {"sent_at": SOME_TIME, "items": [{"kind": long}, {"kind": "post", long: 0}]},
        ),
        org.admin.request("GET", f"/v1/sync?after=0&fields={long[:7_000]}"),
        org.admin.request("GET", f"/v1/me?{long[:7_000]}=1"),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert len(answer.get_data()) < 5_000


@pytest.mark.parametrize(
    ("levels", "status", "code"),
    [(31, 422, "invalid"), (32, 400, "nested_too_deep"), (2_000, 400, "nested_too_deep")],
)
def test_how_deep_a_body_may_be_nested(world: World, levels: int, status: int, code: str) -> None:
    org = world.organisation()
    deep: Any = b'{"text": ' + b'[{"]}\\"[": ' * (levels // 2) + b"[" * (levels % 2)
    deep += b"1" + b"]" * (levels % 2) + b"}]" * (levels // 2) + b"}"
    answer = world.app.test_client().post(
        f"/v1/scopes/{org.id}/posts",
        data=deep,
        content_type="application/json",
        headers={"Authorization": f"Bearer {org.admin.tokens['access_token']}"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_brackets_in_texts_are_no_depth() -> None:
    body = {"text": "[" * 1_000 + '"' + "\\" + "}" * 50, "]" * 40: ["\\\\", "{"]}
    assert read_json(orjson.dumps(body), {}, 100) == body


@pytest.mark.parametrize(
    "raw", [b"[" * 20, b'{"a": "x', b'{"a": "x\\', b'"\\"', b"", b"nul", b"[1,]", b'{"a":1e999}']
)
def test_what_is_broken_is_no_json_however_it_is_measured(raw: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(raw, {}, 100)


def test_values_are_counted_outside_of_texts() -> None:
    commas = {"text": "," * 5_000 + '\\",\\' * 1_000, "list": [1, 2, 3]}
    assert read_json(orjson.dumps(commas), {}, 100) == commas
    with pytest.raises(TooMany):
        read_json(orjson.dumps(list(range(102))), {}, 100)
    with pytest.raises(TooMany):
        read_json(orjson.dumps([{str(i): 0} for i in range(402)]), {}, 100)
    with pytest.raises(TooDeep):
        read_json(b"[" * 33 + b"]" * 33, {}, 100)


@pytest.mark.parametrize(
    ("piece", "refusal"),
    [
        (b"[" * 1_000 + b"]" * 1_000, TooDeep),
        (b"[" * 128 + b"]" * 128, TooDeep),
        (b"[" * 27 + b"]" * 27, TooMany),
    ],
)
def test_megabytes_of_brackets_are_refused_without_looking_how_deep_they_lie(
    piece: bytes, refusal: type[Exception]
) -> None:
    raw = b'{"items": [' + b",".join([piece] * (2_000_000 // len(piece))) + b"]}"
    began = time.process_time()
    with pytest.raises(refusal):
        read_json(raw, {"items": 1_000}, 40_000)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("raw", [rb'["a", "\u0000"]', rb'{"\u0000": 1}', rb'["\\\u0000"]'])
def test_a_nul_is_told_from_the_words_for_it(raw: bytes) -> None:
    with pytest.raises(Invalid):
        read_json(raw, {})
    assert read_json(rb'["\\u0000"]', {}) == ["\\u0000"]


def test_a_pile_of_marks_is_no_text_and_thirty_are(world: World) -> None:
    org = world.organisation()
    assert org.admin.posts(str(org.id), PILE, 422)["errors"][0]["pointer"] == "/text"
    org.admin.posts(str(org.id), "e" + "\u0315" * 30)
