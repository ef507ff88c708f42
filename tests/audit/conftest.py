"""An organisation of one's own."""

import pytest

from tests.world import Organisation, World


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()
