"""The stand-in, an organisation, and a clock that can be turned."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from base import clock
from tests.stories.mailbox import Mailbox
from tests.world import Organisation, World


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    running = Mailbox(tmp_path_factory.mktemp("mailbox"))
    yield running
    running.stop()


@pytest.fixture
def mailbox(standin: Mailbox) -> Mailbox:
    """Empty, and well behaved."""
    standin.reset()
    return standin


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    """In a world where nobody else has messages waiting."""
    return fresh_world.organisation()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Turn the product's clock forward."""

    def turn(by: timedelta) -> None:
        now = clock.now
        monkeypatch.setattr(clock, "now", lambda: now() + by)

    return turn
