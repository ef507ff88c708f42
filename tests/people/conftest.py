"""An organisation of one's own, and a clock that can be turned."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from base import clock
from tests.world import Organisation, World


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Turn the product's clock forward."""

    def turn(by: timedelta) -> None:
        now = clock.now
        monkeypatch.setattr(clock, "now", lambda: now() + by)

    return turn
