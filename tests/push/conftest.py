"""An organisation whose journal the planner follows from here on."""

import pytest

from tests.push.planning import plans
from tests.world import Organisation, World


@pytest.fixture
def org(world: World) -> Organisation:
    made = world.organisation()
    plans(world)
    return made
