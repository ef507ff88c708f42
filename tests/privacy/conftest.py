"""The two kinds of sites."""

import pytest

from tests.privacy.town import Town
from tests.world import World


@pytest.fixture
def town(world: World) -> Town:
    return Town(world)


@pytest.fixture
def village(world: World) -> Town:
    """A site that names persons to its managers."""
    return Town(world, aggregate_only=False)
