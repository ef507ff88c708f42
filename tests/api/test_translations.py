"""Whoever reads Korean is refused in Korean."""

from collections.abc import Iterator

import api.app  # noqa: F401 - with it come all refusals that there are
from api.translations import translated
from base.errors import Problem
from tests.world import World


def test_every_refusal_speaks_korean() -> None:
    english = {
        problem.title for problem in refusals(Problem) if translated(problem.title, "ko") == problem.title
    }
    assert english == set(), "give each a sentence in api/translations.py"


def refusals(of: type[Problem]) -> Iterator[type[Problem]]:
    """A class of refusals, and those below it that the product has."""
    yield of
    for below in of.__subclasses__():
        if not below.__module__.startswith("tests."):
            yield from refusals(below)


def test_the_language_is_the_one_that_was_asked_for(world: World) -> None:
    client = world.app.test_client()
    for asked, title in (
        ("ko-KR, en;q=0.5", "먼저 로그인해 주세요"),
        ("en", "Sign in first"),
        ("fr", "Sign in first"),
    ):
        answer = client.get("/v1/me", headers={"Accept-Language": asked})
        assert answer.get_json()["title"] == title
